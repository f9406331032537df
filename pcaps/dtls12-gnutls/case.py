"""DTLS 1.2 with ECDHE_ECDSA, after a HelloVerifyRequest (GnuTLS)."""


def make(lab, out):
    cert, key = lab.certificate("ec")
    priority = "NORMAL:-VERS-ALL:+VERS-DTLS1.2:-CIPHER-ALL:+AES-128-GCM"
    with lab.gnutls_dtls_server(4433, "--x509certfile", cert, "--x509keyfile", key, "--priority", priority):
        with lab.capture(f"{out}/capture.pcap", "udp port 4433"):
            lab.gnutls_client(4433, "--udp", "--sni-hostname", "server.example", "--priority", priority,
                              says=["- Description: (DTLS1.2-"])
