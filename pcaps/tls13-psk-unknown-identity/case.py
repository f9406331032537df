"""TLS 1.3 external PSK with an identity that the server does not know: an alert in clear (OpenSSL)."""

from lab import KEY

IDENTITY = "stranger@example.org"


def make(lab, out):
    with lab.openssl_server(4433, "-nocert", "-tls1_3", "-psk", KEY, "-psk_identity", "known-to-the-server"):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.openssl_client(4433, "-tls1_3", "-psk", KEY, "-psk_identity", IDENTITY, fails=True,
                               says=["SSL alert number 40"])
