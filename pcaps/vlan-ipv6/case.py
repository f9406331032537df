"""A session over IPv6 in VLAN 7, as a mirror port on a trunk sees it (OpenSSL).

switch.py is the switch: access ports for client and server, and a trunk in between. It tags in user
space, so that the kernel needs no VLAN support; the packets are those of the two IP stacks.
"""

import os
import sys

from lab import KEY

CLIENT, SERVER = "2001:db8:7::10", "2001:db8:7::1"
IDENTITY = "valve-12@plant.example.com"


def make(lab, out):
    switch_ns = lab.add_namespace("switch")
    switch = lab.start(switch_ns, sys.executable, os.path.join(os.path.dirname(__file__), "switch.py"))
    switch.wait_for("ready")
    switch.must_say(["ready"])
    for port, namespace, address in (("port0", lab.client_ns, CLIENT), ("port1", lab.server_ns, SERVER)):
        lab.command("ip", "-n", switch_ns, "link", "set", port, "netns", namespace)
        lab.command("ip", "-n", namespace, "address", "add", f"{address}/64", "dev", port, "nodad")
        lab.command("ip", "-n", namespace, "link", "set", port, "up")
    switch.write("up\n")
    switch.wait_for("forwarding")
    with lab.openssl_server(4433, "-nocert", "-tls1_2", "-psk", KEY, "-psk_identity", IDENTITY,
                            "-cipher", "ECDHE-PSK-AES128-CBC-SHA"):
        with lab.capture(f"{out}/capture.pcap", "vlan 7 and ip6 and tcp port 4433", switch_ns, "trunk0"):
            lab.openssl_client(4433, "-tls1_2", "-psk", KEY, "-psk_identity", IDENTITY, "-cipher", "kECDHEPSK",
                               host=SERVER, says=["Cipher is ECDHE-PSK-AES128-CBC-SHA", f"PSK identity: {IDENTITY}"])
