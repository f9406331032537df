"""DTLS 1.2 with ECDHE_PSK and a hint, server GnuTLS, client OpenSSL."""

from lab import KEY

IDENTITY = "sensor-23@site-b.example.net"
HINT = "site B"


def make(lab, out):
    passwd = lab.psk_passwd(**{IDENTITY: KEY})
    priority = "NORMAL:-KX-ALL:+ECDHE-PSK:-VERS-ALL:+VERS-DTLS1.2"
    with lab.gnutls_dtls_server(4433, "--pskpasswd", passwd, "--pskhint", HINT, "--priority", priority):
        with lab.capture(f"{out}/capture.pcap", "udp port 4433"):
            lab.openssl_client(4433, "-dtls1_2", "-psk", KEY, "-psk_identity", IDENTITY,
                               "-cipher", "ECDHE-PSK-CHACHA20-POLY1305", answer="perpass",
                               says=["Cipher is ECDHE-PSK-CHACHA20-POLY1305", f"PSK identity: {IDENTITY}",
                                     f"PSK identity hint: {HINT}", "Protocol  : DTLSv1.2"])
