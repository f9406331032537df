"""QUIC version 1: a session, and another one that resumes it with 0-RTT data (ngtcp2 with GnuTLS)."""


def make(lab, out):
    session = lab.scratch_file("session")
    remember = ("--session-file", session, "--tp-file", lab.scratch_file("parameters"))
    with lab.quic_server(4433), lab.capture(f"{out}/capture.pcap", "udp port 4433"):
        lab.quic_client(4433, *remember, says=["Negotiated ALPN is h3"])
        lab.quic_client(4433, *remember, says=["Negotiated ALPN is h3"])
