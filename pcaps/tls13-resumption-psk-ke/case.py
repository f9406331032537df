"""TLS 1.3 resumed by ticket with psk_ke: no key exchange in either session (GnuTLS)."""

from lab import KEY

IDENTITY = "controller-9.plant.example.com"


def make(lab, out):
    passwd = lab.psk_passwd(**{IDENTITY: KEY})
    priority = "NORMAL:-KX-ALL:+PSK:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM"
    with lab.gnutls_server(4433, "--pskpasswd", passwd, "--priority", priority):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.gnutls_client(4433, "--resume", "--waitresumption", "--pskusername", IDENTITY, "--pskkey", KEY,
                              "--priority", priority, ready="Resume Handshake was completed",
                              says=["- Description: (TLS1.3-", "This is a resumed session"])
