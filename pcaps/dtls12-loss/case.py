"""DTLS 1.2: the server's flight is lost twice, and sent again in smaller fragments (mbed TLS)."""

from lab import LabError

WHOLE = b"\x00\x01\x02\x01\x00"  # the generator 2, and a public value of 256 bytes


def make(lab, out):
    suite = "TLS-DHE-RSA-WITH-AES-128-GCM-SHA256"
    cert, key = lab.certificate()
    mtu = ("--dtls", "--mtu", "900")
    lost = [f"s{n}-" for n in range(2, 8)]  # s1 is the HelloVerifyRequest; a flight has three datagrams at first
    with lab.mbedtls_server(4433, *mtu, "--resend", "200", "--cert", cert, "--key", key):
        with lab.relay_at_client(4433, *lost) as relay:
            with lab.capture(f"{out}/capture.pcap", "udp port 4433"):
                lab.mbedtls_client(4433, *mtu, "--resend", "3000", "--suite", suite, host="127.0.0.1",
                                   says=[f"session: DTLSv1.2 {suite}"])
            relay.must_say([f"s{n} -" for n in range(2, 8)])
    with open(f"{out}/capture.pcap", "rb") as capture:
        if WHOLE not in capture.read():  # once in 256 times
            raise LabError("the server's public value begins with zeros, which mbed TLS leaves out")
