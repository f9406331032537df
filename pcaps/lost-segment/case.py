"""The ServerHello's segment was not captured: the rest of the session still is. From tls12-psk."""

from captures import read, write

FROM = ["tls12-psk"]


def make(_, out, source):
    packets = read(source)
    server_hello = next(n for n, p in enumerate(packets) if p.payload and p.source_port == 4433)
    write(f"{out}/capture.pcap", packets[:server_hello] + packets[server_hello + 1 :])
