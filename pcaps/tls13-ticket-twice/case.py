"""TLS 1.3 resumed twice by one ticket, against the advice of RFC 8446 (OpenSSL)."""


def make(lab, out):
    cert, key = lab.certificate()
    session = lab.scratch_file("session.pem")
    with lab.openssl_server(4433, "-cert", cert, "-key", key, "-tls1_3"):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            common = ("-noservername", "-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256")
            lab.openssl_client(4433, *common, "-sess_out", session, says=["New, TLSv1.3"])
            for _ in range(2):
                lab.openssl_client(4433, *common, "-sess_in", session, says=["Reused, TLSv1.3"])
