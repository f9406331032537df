"""Hellos of fifty hosts, of which one has settings of its own; no server answers (OpenSSL)."""

PORT = 4433
HOSTS = [f"192.0.2.{number}" for number in range(100, 150)]
USUAL, OWN = ("-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"), ("-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305")


def hello(lab, address, *settings):
    """The server's host says that nothing listens there, and the client ends."""
    client = lab.start(lab.client_ns, "openssl", "s_client", "-dtls1_2", "-connect", f"192.0.2.1:{PORT}", "-bind",
                       f"{address}:0", *settings)
    client.close_input()
    return client


def make(lab, out):
    for address in HOSTS:
        lab.command("ip", "-n", lab.client_ns, "address", "add", f"{address}/24", "dev", "wire0")
    with lab.capture(f"{out}/capture.pcap", f"udp dst port {PORT}"):
        for _ in range(3):
            hello(lab, HOSTS[0], *OWN).finish()
        for client in [hello(lab, address, *USUAL) for address in HOSTS[1:]]:
            client.finish()
