"""DHE_PSK in TCP segments of some 50 bytes, both ways (OpenSSL; the kernel's own segments)."""

from lab import KEY

IDENTITY = "lock.north-gate.example.com"
HINT = "gates"
SEGMENT = "100"  # advertised; TCP's time stamps take 12 bytes of it


def make(lab, out):
    for namespace, link in ((lab.client_ns, "wire0"), (lab.server_ns, "wire1")):
        lab.command("ip", "-n", namespace, "link", "set", link, "gso_max_segs", "1")
        lab.command("ip", "-n", namespace, "route", "change", "192.0.2.0/24", "dev", link, "advmss", SEGMENT)
    with lab.openssl_server(4433, "-nocert", "-tls1_2", "-psk", KEY, "-psk_hint", HINT,
                            "-psk_identity", IDENTITY, "-cipher", "DHE-PSK-CHACHA20-POLY1305"):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.openssl_client(4433, "-tls1_2", "-psk", KEY, "-psk_identity", IDENTITY, "-cipher", "kDHEPSK",
                               says=["Cipher is DHE-PSK-CHACHA20-POLY1305", f"PSK identity: {IDENTITY}",
                                     f"PSK identity hint: {HINT}", "Server Temp Key: DH, 3072 bits"])
