"""TLS 1.3 resumed by a ticket: its PSK identity is no external one (OpenSSL)."""

from lab import SERVER_NAME


def make(lab, out):
    cert, key = lab.certificate()
    session = lab.scratch_file("session.pem")
    with lab.openssl_server(4433, "-cert", cert, "-key", key, "-tls1_3"):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            common = ("-servername", SERVER_NAME, "-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256")
            lab.openssl_client(4433, *common, "-sess_out", session, says=["New, TLSv1.3"])
            lab.openssl_client(4433, *common, "-sess_in", session, says=["Reused, TLSv1.3"])
