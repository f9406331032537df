"""TLS 1.2 PSK, resumed by ticket: the second session carries no identity any more (OpenSSL)."""

from lab import KEY

IDENTITY = "urn:dev:mac:0024befffe804ff1"


def make(lab, out):
    session = lab.scratch_file("session.pem")
    psk = ("-psk", KEY, "-psk_identity", IDENTITY)
    with lab.openssl_server(4433, "-nocert", "-tls1_2", *psk, "-cipher", "ECDHE-PSK-CHACHA20-POLY1305"):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            common = ("-tls1_2", *psk, "-cipher", "kECDHEPSK")
            lab.openssl_client(4433, *common, "-sess_out", session, says=["New, TLSv1.2"])
            lab.openssl_client(4433, *common, "-sess_in", session, says=["Reused, TLSv1.2"])
