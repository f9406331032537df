"""TLS 1.2 with RC4, then with 3DES, both with ECDHE_RSA (GnuTLS)."""


def make(lab, out):
    cert, key = lab.certificate()
    base = "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+ECDHE-RSA:-CIPHER-ALL"
    with lab.gnutls_server(4433, "--x509certfile", cert, "--x509keyfile", key, "--priority",
                           f"{base}:+ARCFOUR-128:+3DES-CBC"):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            for cipher in ("ARCFOUR-128", "3DES-CBC"):
                lab.gnutls_client(4433, "--priority", f"{base}:+{cipher}",
                                  says=["- Description: (TLS1.2-", f"-({cipher})-(SHA1)"])
