"""TLS 1.2 with DHE_PSK and a hint from a GnuTLS server; the OpenSSL client is named by a MAC address."""

from lab import KEY

IDENTITY = "00-1B-63-84-45-E6"
HINT = "gnutls hint"


def make(lab, out):
    passwd = lab.psk_passwd(**{IDENTITY: KEY})
    with lab.gnutls_server(4433, "--pskpasswd", passwd, "--pskhint", HINT, "--priority",
                           "NORMAL:-KX-ALL:+DHE-PSK:-VERS-ALL:+VERS-TLS1.2") as server:
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.openssl_client(4433, "-tls1_2", "-psk", KEY, "-psk_identity", IDENTITY,
                               "-cipher", "DHE-PSK-AES256-GCM-SHA384",
                               answer="perpass", says=["Cipher is DHE-PSK-AES256-GCM-SHA384", f"PSK identity: {IDENTITY}",
                                                       f"PSK identity hint: {HINT}"])
            server.must_say([f"PSK authentication. Connected as '{IDENTITY}'", "- Key Exchange: DHE-PSK"])
