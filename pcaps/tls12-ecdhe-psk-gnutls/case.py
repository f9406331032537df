"""TLS 1.2 with ECDHE_PSK from a GnuTLS server without a hint; the OpenSSL client is named by an IMEI."""

from lab import KEY

IDENTITY = "490154203237518"


def make(lab, out):
    passwd = lab.psk_passwd(**{IDENTITY: KEY})
    with lab.gnutls_server(4433, "--pskpasswd", passwd, "--priority",
                           "NORMAL:-KX-ALL:+ECDHE-PSK:-VERS-ALL:+VERS-TLS1.2") as server:
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.openssl_client(4433, "-tls1_2", "-psk", KEY, "-psk_identity", IDENTITY,
                               "-cipher", "ECDHE-PSK-AES256-CBC-SHA", "-groups", "X25519",
                               answer="perpass", says=["Cipher is ECDHE-PSK-AES256-CBC-SHA", f"PSK identity: {IDENTITY}",
                                                       "PSK identity hint: None"])
            server.must_say([f"PSK authentication. Connected as '{IDENTITY}'", "- Key Exchange: ECDHE-PSK",
                             "Using curve: X25519"])
