"""A capture that starts when the handshake is over: nothing can be told. From tls12-psk."""

from captures import read, write

FROM = ["tls12-psk"]
APPLICATION_DATA = 23


def make(_, out, source):
    packets = read(source)
    data = next(n for n, p in enumerate(packets) if p.payload[:1] == bytes([APPLICATION_DATA]))
    write(f"{out}/capture.pcap", packets[data:])
