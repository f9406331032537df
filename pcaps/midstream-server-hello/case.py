"""A capture that starts after the ClientHello: suite, hint and identity are still there. From tls12-dhe-psk."""

from captures import read, write

FROM = ["tls12-dhe-psk"]


def make(_, out, source):
    packets = read(source)
    server_hello = next(n for n, p in enumerate(packets) if p.payload and p.source_port == 4433)
    write(f"{out}/capture.pcap", packets[server_hello:])
