"""TLS 1.2 with RSA_PSK: certificate, hint and identity in clear, no forward secrecy (OpenSSL)."""

from lab import KEY

IDENTITY = "urn:imei:490154203237518"
HINT = "fleet-west"


def make(lab, out):
    cert, key = lab.certificate()
    with lab.openssl_server(4433, "-cert", cert, "-key", key, "-tls1_2", "-psk", KEY, "-psk_hint", HINT,
                            "-psk_identity", IDENTITY, "-cipher", "RSA-PSK-AES128-GCM-SHA256"):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.openssl_client(4433, "-tls1_2", "-psk", KEY, "-psk_identity", IDENTITY, "-cipher", "kRSAPSK",
                               says=["Cipher is RSA-PSK-AES128-GCM-SHA256", f"PSK identity: {IDENTITY}",
                                     f"PSK identity hint: {HINT}"])
