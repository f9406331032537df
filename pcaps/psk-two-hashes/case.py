"""One external identity under two hash functions, as two servers had it one after the other (OpenSSL)."""

from lab import KEY

IDENTITY = "gate-keeper"


def key_for_sha384(lab):
    """A session of OpenSSL with a suite of SHA-384, for its key: s_client and s_server take it as an external PSK."""
    cert, key = lab.certificate()
    session = lab.scratch_file("psk.pem")
    with lab.openssl_server(4499, "-cert", cert, "-key", key, "-tls1_3"):
        lab.openssl_client(4499, "-tls1_3", "-ciphersuites", "TLS_AES_256_GCM_SHA384", "-sess_out", session)
    return session


def make(lab, out):
    keys = (("-psk", KEY), "TLS_AES_128_GCM_SHA256"), (("-psk_session", key_for_sha384(lab)), "TLS_AES_256_GCM_SHA384")
    with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
        for key, suite in keys:
            psk = (*key, "-psk_identity", IDENTITY, "-tls1_3")
            with lab.openssl_server(4433, "-nocert", "-num_tickets", "0", *psk):
                lab.openssl_client(4433, "-ciphersuites", suite, *psk, says=[f"Reused, TLSv1.3, Cipher is {suite}"])
