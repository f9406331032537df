"""TLS 1.1 with a plain PSK suite (mbed TLS)."""

from lab import KEY

IDENTITY = "e06b5d2fa91c47388d0f3ba6c2715e94"


def make(lab, out):
    options = ("--psk", KEY, "--identity", IDENTITY.encode().hex(), "--max-version", "1.1")
    with lab.mbedtls_server(4433, *options):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.mbedtls_client(4433, *options, "--suite", "TLS-PSK-WITH-AES-128-CBC-SHA",
                               says=["session: TLSv1.1 TLS-PSK-WITH-AES-128-CBC-SHA"])
