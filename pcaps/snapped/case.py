"""A snap length of 200 bytes: the ClientHello is cut, what follows is whole. From tls12-psk."""

from captures import read, write

FROM = ["tls12-psk"]


def make(_, out, source):
    write(f"{out}/capture.pcap", [packet.cut(200) for packet in read(source)])
