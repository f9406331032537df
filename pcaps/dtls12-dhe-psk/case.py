"""DTLS 1.2 with DHE_PSK: hint before the DH parameters, identity before the public value (OpenSSL)."""

from lab import KEY

IDENTITY = "meter-17.building4.example.com"
HINT = "DHE hint"


def make(lab, out):
    with lab.openssl_dtls_server(4433, "-nocert", "-dtls1_2", "-psk", KEY, "-psk_hint", HINT,
                                 "-psk_identity", IDENTITY, "-cipher", "DHE-PSK-AES128-GCM-SHA256") as server:
        with lab.capture(f"{out}/capture.pcap", "udp port 4433"):
            lab.openssl_dtls_client(server, 4433, "-dtls1_2", "-psk", KEY, "-psk_identity", IDENTITY,
                                    "-cipher", "kDHEPSK",
                                    says=["Cipher is DHE-PSK-AES128-GCM-SHA256", f"PSK identity: {IDENTITY}",
                                          f"PSK identity hint: {HINT}", "Server Temp Key: DH, 2048 bits"])
