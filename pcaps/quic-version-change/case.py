"""QUIC: the server answers version 1 in the draft of version 2 (ngtcp2 with GnuTLS)."""


def make(lab, out):
    with lab.quic_server(4433, "--preferred-versions", "v2draft,v1"):
        with lab.capture(f"{out}/capture.pcap", "udp port 4433"):
            lab.quic_client(4433, "--other-versions", "v2draft,v1", "--dcid", "a0a1a2a3a4a5a6a7", "--scid", "c0c1c2c3",
                            says=["Negotiated ALPN is h3"])
