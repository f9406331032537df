"""DTLS 1.2 in fragments that arrive out of order, one of them twice (OpenSSL)."""


def make(lab, out):
    cert, key = lab.certificate()
    small = ("-dtls1_2", "-mtu", "256")
    with lab.openssl_dtls_server(4434, *small, "-cert", cert, "-key", key, host="127.0.0.1") as server:
        with lab.relay_at_server(4433, 4434, "s2>4", "s3*", "s6>7") as relay:
            with lab.capture(f"{out}/capture.pcap", "udp port 4433"):
                lab.openssl_dtls_client(server, 4433, *small, "-cipher", "ECDHE-RSA-AES128-GCM-SHA256")
            relay.must_say(["s2 >", "s3 *", "s6 >"])
