"""CoAP over DTLS 1.2 with raw public keys (RFC 7250) of both sides (libcoap with GnuTLS)."""


def make(lab, out):
    key, client_key = lab.raw_key_pair("server")[0], lab.raw_key_pair("client")[0]
    with lab.coap_server("gnutls", 5684, "-M", key):
        with lab.capture(f"{out}/capture.pcap", "udp port 5684"):
            lab.coap_client("gnutls", 5684, "-M", client_key, path="", says=["test server made with libcoap"])
