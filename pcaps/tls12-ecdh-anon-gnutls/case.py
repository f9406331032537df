"""TLS 1.2 with anonymous ECDH between GnuTLS peers."""


def make(lab, out):
    priority = "NORMAL:-KX-ALL:+ANON-ECDH:-VERS-ALL:+VERS-TLS1.2"
    with lab.gnutls_server(4433, "--priority", priority):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.gnutls_client(4433, "--priority", priority, says=["- Description: (TLS1.2-", "(ANON-ECDH)"])
