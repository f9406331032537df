"""RSA_PSK whose handshake messages are longer than a record: no record holds more than 512 bytes (OpenSSL)."""

from lab import KEY

IDENTITY = "device:" + "0123456789abcdef" * 15
HINT = "a hint of some length, " * 5


def make(lab, out):
    cert, key = lab.certificate()
    small = ("-max_send_frag", "512")
    with lab.openssl_server(4433, "-cert", cert, "-key", key, "-tls1_2", "-psk", KEY, "-psk_hint", HINT,
                            "-psk_identity", IDENTITY, "-cipher", "RSA-PSK-AES256-GCM-SHA384", *small):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.openssl_client(4433, "-tls1_2", "-psk", KEY, "-psk_identity", IDENTITY, "-cipher", "ALL:@SECLEVEL=0",
                               "-alpn", ",".join(f"protocol-{n}" for n in range(40)), *small,
                               says=["Cipher is RSA-PSK-AES256-GCM-SHA384", f"PSK identity: {IDENTITY}",
                                     f"PSK identity hint: {HINT}"])
