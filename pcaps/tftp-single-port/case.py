"""TFTP from a server that sends from port 69, with datagrams lost and doubled on the way (dnsmasq, curl)."""

import os


def image(size):
    """Bytes that are the same each time, and of no known format."""
    return bytes((n * 7 + n // 256) % 251 for n in range(size))


def make(lab, out):
    root, got = lab.scratch_file("root"), lab.scratch_file("got")
    os.makedirs(root)
    os.chmod(lab.scratch, 0o755)
    with open(os.path.join(root, "image.bin"), "wb") as file:
        file.write(image(5000))
    server = lab.serving(69, "dnsmasq", "--keep-in-foreground", "--no-hosts", "--no-resolv", "--port=0", "--conf-file=",
                         "--user=root", "--enable-tftp",
                         "--tftp-single-port", f"--tftp-root={root}", "--pid-file=", "--log-facility=-")
    with server as dnsmasq:
        # Of the server the fourth datagram is lost, and the fifth comes twice; of the client the first.
        with lab.relay_at_client(69, "c1*", "s4-", "s5*") as relay, \
             lab.capture(f"{out}/capture.pcap", "udp port 69"):
            client = lab.start(lab.client_ns, "curl", "-sS", "-o", got, "tftp://127.0.0.1/image.bin")
            client.close_input()
            client.finish()
            client.must_say([])
        relay.must_say(["c1 *", "s4 -", "s5 *"])
        dnsmasq.must_say(["sent"])
    with open(got, "rb") as file:
        assert file.read() == image(5000)
