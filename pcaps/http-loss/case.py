"""Of a file's answer a thousand bytes were not captured, of another one all. From http-files."""

from captures import read, write

FROM = ["http-files"]


def make(_, out, source):
    packets = read(source)
    part = next(n for n, p in enumerate(packets) if b"bytes 2000-4999/5000" in p.payload)
    head = packets[part].payload.index(b"\r\n\r\n") + 4
    seen, lost = head + 500, head + 1500
    whole = next(n for n, p in enumerate(packets) if p.payload.endswith(b"install\ntext\n"))
    halves = [packets[part].part(0, seen), packets[part].part(lost, len(packets[part].payload))]
    write(f"{out}/capture.pcap", packets[:part] + halves + packets[part + 1 : whole] + packets[whole + 1 :])
