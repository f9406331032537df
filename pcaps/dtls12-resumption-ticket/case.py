"""DTLS 1.2 PSK, resumed by ticket: the second session carries no identity (OpenSSL)."""

from lab import KEY

IDENTITY = "pump-3@plant.example.com"


def make(lab, out):
    session = lab.scratch_file("session.pem")
    psk = ("-dtls1_2", "-psk", KEY, "-psk_identity", IDENTITY)
    with lab.openssl_dtls_server(4433, "-nocert", *psk, "-cipher", "ECDHE-PSK-CHACHA20-POLY1305") as server:
        with lab.capture(f"{out}/capture.pcap", "udp port 4433"):
            common = (*psk, "-cipher", "kECDHEPSK")
            lab.openssl_dtls_client(server, 4433, *common, "-sess_out", session, says=["New, TLSv1.2"])
            lab.openssl_dtls_client(server, 4433, *common, "-sess_in", session, says=["Reused, TLSv1.2"])
