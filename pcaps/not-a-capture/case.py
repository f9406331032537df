"""A file that is no capture: a text."""

FROM = ["tls12-psk"]


def make(_, out, __):
    with open(f"{out}/capture.pcap", "w", encoding="ascii") as file:
        file.write("This is a text file that somebody renamed.\n" * 10)
