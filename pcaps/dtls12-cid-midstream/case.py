"""DTLS 1.2 with connection ids, from the middle of a session: their lengths are inferred. From dtls12-cid."""

from captures import read, write

FROM = ["dtls12-cid"]
HANDSHAKE = 6  # datagrams


def make(_, out, source):
    write(f"{out}/capture.pcap", read(source)[HANDSHAKE:])
