"""TLS 1.2 with raw public keys (RFC 7250) of both sides (GnuTLS)."""


def make(lab, out):
    priority = "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CTYPE-ALL:+CTYPE-SRV-RAWPK:+CTYPE-CLI-RAWPK"
    key, pub = lab.raw_key_pair("server")
    client_key, client_pub = lab.raw_key_pair("client")
    with lab.gnutls_server(4433, "--rawpkkeyfile", key, "--rawpkfile", pub, "--require-client-cert",
                           "--priority", priority):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.gnutls_client(4433, "--rawpkkeyfile", client_key, "--rawpkfile", client_pub, "--priority", priority,
                              says=["- Description: (TLS1.2-", "Raw Public Key"])
