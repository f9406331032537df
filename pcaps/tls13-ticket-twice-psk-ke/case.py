"""TLS 1.3: a client presents one ticket in two connections, neither with a fresh key exchange: psk_ke (OpenSSL)."""


def make(lab, out):
    cert, key = lab.certificate()
    session = lab.scratch_file("session.pem")
    with lab.openssl_server(4434, "-cert", cert, "-key", key, "-tls1_3", "-allow_no_dhe_kex", "-groups", "P-256"):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4434"):
            common = ("-servername", "server.example", "-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256",
                      "-allow_no_dhe_kex")
            lab.openssl_client(4434, *common, "-groups", "P-256", "-sess_out", session, says=["New, TLSv1.3"])
            for _ in range(2):  # no group that the server has, so that it does without
                lab.openssl_client(4434, *common, "-groups", "X25519", "-sess_in", session, says=["Reused, TLSv1.3"])
