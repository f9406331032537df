"""TLS 1.2 resumed by session id: no key exchange messages the second time (OpenSSL)."""

from lab import SERVER_NAME


def make(lab, out):
    cert, key = lab.certificate()
    session = lab.scratch_file("session.pem")
    with lab.openssl_server(4433, "-cert", cert, "-key", key, "-tls1_2", "-no_ticket"):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            common = ("-servername", SERVER_NAME, "-tls1_2", "-no_ticket", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256")
            lab.openssl_client(4433, *common, "-sess_out", session, says=["New, TLSv1.2"])
            lab.openssl_client(4433, *common, "-sess_in", session, says=["Reused, TLSv1.2"])
