"""CoAP over DTLS 1.2 with a pre-shared key, as libcoap does it by itself, hint and all (libcoap with GnuTLS)."""

from lab import KEY

IDENTITY = "light-22"


def make(lab, out):
    with lab.coap_server("gnutls", 5684, "-k", KEY):
        with lab.capture(f"{out}/capture.pcap", "udp port 5684"):
            lab.coap_client("gnutls", 5684, "-k", KEY, "-u", IDENTITY, path="", says=["test server made with libcoap"])
