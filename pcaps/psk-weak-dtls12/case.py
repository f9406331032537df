"""DTLS up to 1.2 with plain PSK suites, and keys of a list of weak ones (OpenSSL, wolfSSL, mbed TLS, GnuTLS).

The list is keys.txt. Each session has an identity of its own, which names stack and suite.
"""

import os

from lab import KEY

WEAK = "f00dfacef00dfacef00dfacef00dface"


def make(lab, out):
    with open(os.path.join(out, "keys.txt"), "w", encoding="ascii") as keys:
        keys.write(f"secret\r\n{WEAK}\r\nchangeme")
    with lab.capture(f"{out}/capture.pcap", "udp port 4433"):
        for suite, key in (("PSK-AES128-CCM8", WEAK), ("PSK-AES256-GCM-SHA384", WEAK), ("PSK-CHACHA20-POLY1305", WEAK),
                           ("PSK-AES128-CBC-SHA256", WEAK), ("PSK-AES128-CCM", KEY)):
            psk = ("-dtls1_2", "-psk", key, "-psk_identity", f"openssl-{suite}", "-cipher", suite)
            with lab.openssl_dtls_server(4433, "-nocert", *psk) as server:
                lab.openssl_dtls_client(server, 4433, *psk, says=[f"Cipher is {suite}"])
        suite = "PSK-CHACHA20-POLY1305"
        common = ("--identity", "wolfssl-chacha20", "--psk", WEAK, "--suite", suite)
        with lab.wolfssl_server(4433, *common):
            lab.wolfssl_client(4433, *common, says=[f"session: DTLSv1.2 {suite}"])
        suite = "TLS-PSK-WITH-AES-256-CBC-SHA384"
        psk = ("--dtls", "--psk", WEAK, "--identity", b"mbedtls-aes256-cbc".hex())
        with lab.mbedtls_server(4433, *psk):
            lab.mbedtls_client(4433, *psk, "--suite", suite, says=[f"session: DTLSv1.2 {suite}"])
        suite, version = "TLS-PSK-WITH-AES-128-CBC-SHA", ("--max-version", "1.1")  # DTLS 1.0
        psk = ("--dtls", "--psk", WEAK, "--identity", b"mbedtls-dtls10".hex(), *version)
        with lab.mbedtls_server(4433, *psk):
            lab.mbedtls_client(4433, *psk, "--suite", suite, says=[f"session: DTLSv1.0 {suite}"])
        passwd = lab.psk_passwd(**{"gnutls-ccm": WEAK})
        priority = "NORMAL:-KX-ALL:+PSK:-VERS-ALL:+VERS-DTLS1.2:-CIPHER-ALL:+AES-256-CCM"
        with lab.gnutls_dtls_server(4433, "--pskpasswd", passwd, "--priority", priority):
            lab.gnutls_client(4433, "--udp", "--pskusername", "gnutls-ccm", "--pskkey", WEAK, "--priority", priority,
                              says=["- Description: (DTLS1.2"])
