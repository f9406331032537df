"""Sessions that three leaked secrets open, and sessions that they do not (OpenSSL)."""

from lab import CLIENTS, KEY, SERVER_NAME

IDENTITY = "lamp-7.house.example"


def resumed(lab, port, address):
    """A full handshake that gets a ticket, and one that presents it."""
    session = lab.scratch_file(f"session-{address}.pem")
    common = ("-tls1_2", "-servername", SERVER_NAME, "-bind", f"{address}:0")
    lab.openssl_client(port, *common, "-sess_out", session, says=["New, TLSv1.2", "Cipher is AES128-GCM-SHA256"])
    lab.openssl_client(port, *common, "-sess_in", session, says=["Reused, TLSv1.2"])


def make(lab, out):
    cert, key = lab.certificate()
    certificate = ("-cert", cert, "-key", key, "-tls1_2", "-cipher")
    psk = ("-nocert", "-tls1_2", "-psk", KEY, "-psk_identity", IDENTITY, "-no_ticket")
    with lab.openssl_server(4433, *certificate, "AES128-GCM-SHA256"), \
            lab.openssl_server(4434, *certificate, "ECDHE-RSA-AES128-GCM-SHA256", "-no_ticket"), \
            lab.openssl_server(4435, *psk, "-cipher", "PSK-AES128-CCM8@SECLEVEL=0"):
        with lab.capture(f"{out}/capture.pcap", "tcp portrange 4433-4435"):
            for address in CLIENTS[:2]:
                resumed(lab, 4433, address)
            lab.openssl_client(4434, "-tls1_2", "-servername", SERVER_NAME,
                               says=["Cipher is ECDHE-RSA-AES128-GCM-SHA256"])
            for address in CLIENTS[:3]:
                lab.openssl_client(4435, "-tls1_2", "-psk", KEY, "-psk_identity", IDENTITY, "-no_ticket", "-bind",
                                   f"{address}:0", "-cipher", "PSK-AES128-CCM8@SECLEVEL=0",
                                   says=["Cipher is PSK-AES128-CCM8", f"PSK identity: {IDENTITY}"])
