"""TLS 1.3 from an IPv6 address that is made of the hardware address (OpenSSL)."""

from lab import SERVER6

MAC = "00:00:5e:00:53:2a"
CLIENT = "2001:db8::200:5eff:fe00:532a"


def make(lab, out):
    cert, key = lab.certificate()
    client = ("ip", "-n", lab.client_ns)
    lab.command(*client, "link", "set", "wire0", "down")
    lab.command(*client, "link", "set", "wire0", "address", MAC)
    lab.command(*client, "link", "set", "wire0", "up")
    lab.command(*client, "address", "replace", f"{CLIENT}/64", "dev", "wire0", "nodad")
    lab.command(*client, "neighbor", "replace", SERVER6, "lladdr", "02:00:00:00:00:01", "dev", "wire0")
    lab.command("ip", "-n", lab.server_ns, "neighbor", "replace", CLIENT, "lladdr", MAC, "dev", "wire1")
    with lab.openssl_server(4433, "-cert", cert, "-key", key, "-tls1_3"):
        with lab.capture(f"{out}/capture.pcap", "ip6 and tcp port 4433"):
            for _ in range(2):
                lab.openssl_client(4433, "-noservername", "-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256",
                                   "-bind", f"[{CLIENT}]:0", host=SERVER6, says=["New, TLSv1.3"])
