"""TLS 1.3: the server asks for a certificate, and the client has none; it also offers heartbeats (GnuTLS)."""


def make(lab, out):
    cert, key = lab.certificate("ec")
    options = ("--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-X25519", "--heartbeat")
    with lab.gnutls_server(4433, *options, "--x509certfile", cert, "--x509keyfile", key):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.gnutls_client(4433, *options, says=["(TLS1.3-X.509)-(ECDHE-X25519)",
                                                      "Successfully sent 0 certificate(s) to server"])
