"""TLS up to 1.2 with plain PSK suites of every kind, and keys of a list of weak ones (OpenSSL, GnuTLS, mbed TLS).

The list is keys.txt. Each session has an identity of its own, which names the suite.
"""

import os

from lab import KEY

WEAK = "f00dfacef00dfacef00dfacef00dface"

OPENSSL = ("PSK-AES128-CBC-SHA", "PSK-AES256-CBC-SHA384", "PSK-AES128-GCM-SHA256", "PSK-AES256-GCM-SHA384",
           "PSK-CHACHA20-POLY1305", "PSK-AES128-CCM", "PSK-AES256-CCM8", "PSK-ARIA128-GCM-SHA256",
           "PSK-ARIA256-GCM-SHA384", "PSK-CAMELLIA128-SHA256", "PSK-NULL-SHA256")
GNUTLS = (("3DES-CBC", "SHA1", "TLS1.2", ""), ("AES-128-CBC", "SHA1", "TLS1.0", ""),
          ("AES-256-CBC", "SHA1", "TLS1.1", ":%NO_ETM"), ("CAMELLIA-128-GCM", "AEAD", "TLS1.2", ":%NO_SESSION_HASH"),
          ("AES-128-CBC", "SHA256", "TLS1.2", ":%NO_ETM:%NO_SESSION_HASH"))


def make(lab, out):
    with open(os.path.join(out, "keys.txt"), "w", encoding="ascii") as keys:
        keys.write(f"secret\n{WEAK}\nchangeme\n")
    with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
        for suite in OPENSSL:
            version = ("-tls1_2", "-no_etm") if "CAMELLIA" in suite else ("-tls1_2",)
            psk = (*version, "-no_ticket", "-psk", WEAK, "-cipher", f"{suite}:@SECLEVEL=0", "-psk_identity", suite)
            with lab.openssl_server(4433, "-nocert", *psk):
                lab.openssl_client(4433, *psk, says=[f"Cipher is {suite}"])
        for cipher, mac, version, more in GNUTLS:
            identity = f"{version}-{cipher}-{mac}"
            passwd = lab.psk_passwd(**{identity: WEAK})
            priority = (f"NORMAL:-KX-ALL:+PSK:-VERS-ALL:+VERS-{version}:-CIPHER-ALL:+{cipher}:-MAC-ALL:+{mac}"
                        f":%NO_TICKETS{more}")
            with lab.gnutls_server(4433, "--pskpasswd", passwd, "--priority", priority):
                lab.gnutls_client(4433, "--pskusername", identity, "--pskkey", WEAK, "--priority", priority,
                                  says=[f"- Description: ({version}", cipher])
        for suite in ("TLS-PSK-WITH-AES-128-CCM-8", "TLS-PSK-WITH-CAMELLIA-256-CBC-SHA384"):
            options = ("--psk", WEAK, "--identity", suite.encode().hex())
            with lab.mbedtls_server(4433, *options):
                lab.mbedtls_client(4433, *options, "--suite", suite, says=[f"session: TLSv1.2 {suite}"])
        strong = ("-tls1_2", "-no_ticket", "-psk", KEY, "-cipher", "PSK-AES128-GCM-SHA256", "-psk_identity", "strong")
        with lab.openssl_server(4433, "-nocert", *strong):
            lab.openssl_client(4433, *strong, says=["Cipher is PSK-AES128-GCM-SHA256"])
