"""Twelve protocols that go over to TLS, one connection each (OpenSSL's client, servers of a few lines: server.py)."""

import os
import sys

PORTS = {"smtp": 25, "pop3": 110, "imap": 143, "ftp": 21, "xmpp": 5222, "ldap": 389, "nntp": 119, "irc": 6667,
         "sieve": 4190, "postgres": 5432, "mysql": 3306}
PROXY = 3128


def make(lab, out):
    cert, key = lab.certificate("ec")
    script = os.path.join(os.path.dirname(__file__), "server.py")
    server_of = (sys.executable, "-B", script, "192.0.2.1", cert, key)
    with lab.serving(PROXY, *server_of) as server:
        with lab.capture(f"{out}/capture.pcap", "tcp"):
            for name, port in PORTS.items():
                talk(lab, "-connect", f"192.0.2.1:{port}", "-starttls", name)
            talk(lab, "-proxy", f"192.0.2.1:{PROXY}", "-connect", "server.example:443")
        server.must_say([f"{name}: " for name in PORTS] + ["proxy: b'CONNECT server.example:443", "then TLSv1.3"])


def talk(lab, *where):
    client = lab.start(lab.client_ns, "openssl", "s_client", *where, "-servername", "server.example")
    client.wait_for("SSL handshake has read")
    client.close_input()
    client.finish()
    client.must_say(["New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384"])
