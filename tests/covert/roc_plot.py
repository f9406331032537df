"""Curves of true over false positive rates, one small field for each channel, as SVG."""
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, TOP, COLUMNS = 150, 110, 34, 24, 5
COLOURS = ("#1b4f8f", "#2a9d63", "#d98a1f", "#b8334a")


def x_of(rate, least):
    """Logarithmic; what is below |least| is at its left edge."""
    span = -math.log10(least)
    return WIDTH * (1 + math.log10(max(rate, least)) / span)


def line_of(points, least):
    path, last = [], None
    for false, true in points + [(1.0, points[-1][1])]:
        here = (round(x_of(false, least)), round(HEIGHT * (1 - true)))
        if last is not None and here[0] != last[0] and here[1] != last[1]:
            path.append("%d,%d" % (here[0], last[1]))
        if here != last:
            path.append("%d,%d" % here)
        last = here
    return " ".join(path)


def field(name, lines, rates, least):
    parts = ['<rect width="%d" height="%d" fill="none" stroke="#999"/>' % (WIDTH, HEIGHT),
             '<text x="0" y="-6" class="n">%s</text>' % escape(name)]
    for power in range(0, round(-math.log10(least)) + 1, 2):
        parts.append('<text x="%d" y="%d" text-anchor="middle">%s</text>' % (
            x_of(10 ** -power, least), HEIGHT + 11, "1" if power == 0 else "1e-%d" % power))
    for true in (0, 1):
        parts.append('<text x="-4" y="%d" text-anchor="end">%d</text>' % (HEIGHT * (1 - true) + 3, true))
    # one alarm in 10,000 endpoints
    at = x_of(1e-4, least)
    parts.append('<path d="M%d 0V%d" stroke="#bbb" stroke-dasharray="2 2"/>' % (at, HEIGHT))
    for what, points in lines.items():
        payload, rate = what.split("/")
        dash = ' stroke-dasharray="4 2"' if payload == "plain" else ""
        parts.append('<polyline points="%s" stroke="%s"%s/>' % (line_of(points, least), COLOURS[rates.index(int(rate))], dash))
    return parts


def draw(curves, rates, least):
    least = 10.0 ** math.floor(math.log10(min(least, 1e-4)))
    rows = (len(curves) + COLUMNS - 1) // COLUMNS
    wide, high = COLUMNS * (WIDTH + LEFT) + LEFT, rows * (HEIGHT + 2 * TOP) + 3 * TOP
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="9">' % (wide, high),
             "<style>polyline{fill:none;stroke-width:1.5}.n{font-size:11px;font-weight:bold}</style>",
             '<rect width="100%" height="100%" fill="#fff"/>']
    for number, (name, lines) in enumerate(curves.items()):
        parts.append('<g transform="translate(%d %d)">' % (LEFT + number % COLUMNS * (WIDTH + LEFT),
                                                          TOP + number // COLUMNS * (HEIGHT + 2 * TOP)))
        parts += field(name, lines, rates, least)
        parts.append("</g>")
    at = high - TOP
    for number, rate in enumerate(rates):
        parts.append('<text x="%d" y="%d" fill="%s">1 of %d carriers</text>' % (LEFT + 90 * number, at, COLOURS[number], rate))
    parts.append('<text x="%d" y="%d">Lines: random bits; dashed: text. Across: false positive rate by endpoint; up: true '
                 "positive rate. Dotted: one alarm in 10,000.</text>" % (LEFT + 360, at))
    parts.append("</svg>")
    return "\n".join(parts) + "\n"
