"""Clients whose identities are numbered, and clients whose numbers are far apart (GnuTLS, OpenSSL)."""

from lab import KEY

DECIMAL = ["meter-0001.grid.example", "meter-0002.grid.example", "meter-0004.grid.example"]
HEXADECIMAL = ["node-02005e00aafe", "node-02005e00ab01", "node-02005e00ab0c"]
FAR_APART = ["pump-104233", "pump-518867", "pump-902410"]


def serve(lab, port, identities):
    keys = {identity: f"{number:02x}{KEY[2:]}" for number, identity in enumerate(identities)}
    with lab.gnutls_server(port, "--pskpasswd", lab.psk_passwd(**keys), "--noticket", "--priority",
                           "NORMAL:-KX-ALL:+ECDHE-PSK:-VERS-ALL:+VERS-TLS1.2") as server:
        for identity, key in keys.items():
            lab.openssl_client(port, "-tls1_2", "-psk", key, "-psk_identity", identity, "-no_ticket", "-groups", "X25519",
                               "-cipher", "ECDHE-PSK-AES256-CBC-SHA", answer="perpass", says=[f"PSK identity: {identity}"])
        server.must_say([f"PSK authentication. Connected as '{identity}'" for identity in identities])


def make(lab, out):
    with lab.capture(f"{out}/capture.pcap", "tcp portrange 4433-4435"):
        for port, identities in ((4433, DECIMAL), (4434, HEXADECIMAL), (4435, FAR_APART)):
            serve(lab, port, identities)
