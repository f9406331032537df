"""TLS 1.3 with keys that are in a list of weak ones, and with keys that are not (OpenSSL, GnuTLS).

The list is keys.txt. SHA-256 and SHA-384, with a hello retry, offered to a server that has another key, and a key that
is not in the list.
"""

import base64
import os
import time

from lab import CLIENTS, KEY

WEAK = "letmein"  # in the list as text
WEAK_HEX = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"  # in the list as digits
LIST = ["admin", "password", WEAK, "# no comment", "12345678", "0x" + WEAK_HEX, "", "changeme"]


def der(tag, content):
    return bytes([tag, len(content)]) + content


def session(lab, key, suite):
    """A file for -psk_session: the hash of a key is that of the suite in it. ASN.1 of OpenSSL's SSL_SESSION."""
    asn1 = der(0x30, der(2, b"\1") + der(2, b"\3\4") + der(4, suite) + der(4, b"") + der(4, key)
               + der(0xA1, der(2, int(time.time()).to_bytes(4, "big"))) + der(0xA2, der(2, b"\x0e\x10")))
    path = lab.scratch_file("session.pem")
    with open(path, "w", encoding="ascii") as out:
        out.write("-----BEGIN SSL SESSION PARAMETERS-----\n" + base64.b64encode(asn1).decode()
                  + "\n-----END SSL SESSION PARAMETERS-----\n")
    return path


def make(lab, out):
    with open(os.path.join(out, "keys.txt"), "w", encoding="ascii") as keys:
        keys.write("\n".join(LIST) + "\n")
    text = WEAK.encode().hex()
    suite = ("-ciphersuites", "TLS_AES_128_GCM_SHA256")

    def talk(number, key, identity, *options, groups="X25519", server_key=None, fails=False, says=()):
        server = ("-nocert", "-tls1_3", "-psk", server_key or key, "-psk_identity", identity, "-groups", groups)
        with lab.openssl_server(4433, *server):
            lab.openssl_client(4433, "-bind", f"{CLIENTS[number]}:0", "-tls1_3", *suite, "-psk", key, "-psk_identity",
                               identity, *options, fails=fails, says=says)

    with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
        reused = "Reused, TLSv1.3, Cipher is TLS_AES_128_GCM_SHA256"
        talk(0, text, "weak-text", says=[reused])
        talk(1, WEAK_HEX, "weak-digits", says=[reused])
        talk(2, text, "weak-retry", "-groups", "X25519:P-384", groups="P-384", says=[reused, "ECDH, secp384r1"])
        talk(3, text, "weak-refused", server_key=KEY, fails=True)
        talk(4, KEY, "strong", says=[reused])
        weak384 = session(lab, WEAK.encode(), b"\x13\x02")
        sha384 = ("-tls1_3", "-ciphersuites", "TLS_AES_256_GCM_SHA384", "-psk_session", weak384, "-psk_identity", "weak-sha384")
        with lab.openssl_server(4433, "-nocert", *sha384):
            lab.openssl_client(4433, *sha384, says=["Reused, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384"])
        passwd = lab.psk_passwd(**{"weak-gnutls": WEAK_HEX})
        priority = "NORMAL:-KX-ALL:+PSK:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+CHACHA20-POLY1305"
        with lab.gnutls_server(4433, "--pskpasswd", passwd, "--priority", priority):
            lab.gnutls_client(4433, "--pskusername", "weak-gnutls", "--pskkey", WEAK_HEX, "--priority", priority,
                              says=["- Description: (TLS1.3-"])
