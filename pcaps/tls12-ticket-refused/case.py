"""TLS 1.2: a client offers a ticket, and the server does not take it (OpenSSL)."""


def make(lab, out):
    cert, key = lab.certificate()
    session = lab.scratch_file("session.pem")
    common = ("-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256", "-groups", "X25519")
    with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
        for says in (("-sess_out", session), ("-sess_in", session)):  # a new server has other keys for its tickets
            with lab.openssl_server(4433, "-tls1_2", "-cert", cert, "-key", key):
                lab.openssl_client(4433, *common, *says, says=["New, TLSv1.2"])
