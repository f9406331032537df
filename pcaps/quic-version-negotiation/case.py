"""QUIC: the client begins with a reserved version, and the server offers others (ngtcp2 with GnuTLS)."""


def make(lab, out):
    with lab.quic_server(4433), lab.capture(f"{out}/capture.pcap", "udp port 4433"):
        lab.quic_client(4433, "-v", "0x1a2a3a4a", "--preferred-versions", "v1", "--scid", "c0c1c2c3",
                        says=["type=VN", "Negotiated ALPN is h3"])
