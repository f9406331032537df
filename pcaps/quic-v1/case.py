"""QUIC version 1, with connection ids that are known (ngtcp2 with GnuTLS)."""


def make(lab, out):
    with lab.quic_server(4433), lab.capture(f"{out}/capture.pcap", "udp port 4433"):
        lab.quic_client(4433, "--dcid", "a0a1a2a3a4a5a6a7", "--scid", "c0c1c2c3",
                        says=["Negotiated cipher suite is", "Negotiated ALPN is h3"])
