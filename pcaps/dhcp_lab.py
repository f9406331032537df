"""DHCP servers, relays and clients for the cases: what they are told is what a case expects to see."""

from lab import wait_for

DHCP = "udp port 67 or udp port 68 or udp port 4011"
DHCP6 = "udp port 546 or udp port 547"
RELAY = "198.51.100.1"


def write(lab, name, text):
    path = lab.scratch_file(name)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    return path


def dnsmasq(lab, port, *options):
    """dnsmasq on the server's end, for DHCP only; it logs every option that it sends."""
    return lab.serving(port, "dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--port=0", "--interface=wire1",
                       "--bind-interfaces", "--dhcp-authoritative", "--log-dhcp", "--leasefile-ro", "--user=root",
                       "--no-ping", "--no-resolv", *options)


def dhcpd(lab, text, interface="wire1"):
    """ISC's server; |text| is its configuration."""
    leases = write(lab, "leases", "")
    conf = write(lab, "dhcpd.conf", text)
    return lab.serving(67, "dhcpd", "-4", "-f", "-d", "-cf", conf, "-lf", leases, "-pf", lab.scratch_file("pid"),
                       interface)


def udhcpc(lab, *options, namespace=None, interface="wire0"):
    """BusyBox's client: it gets one lease, which nobody uses, and ends."""
    client = lab.start(namespace or lab.client_ns, "udhcpc", "-i", interface, "-f", "-q", "-n", "-t", "5", "-T", "3",
                       "-s", "/bin/true", *options)
    client.finish()
    client.must_say(["lease of "])


def dhclient6(lab, text):
    """ISC's client for DHCPv6: it gets one lease, which nobody uses; |text| is its configuration."""
    conf = write(lab, "dhclient.conf", text)
    for namespace in (lab.client_ns, lab.server_ns):
        wait_for(lambda namespace=namespace: "tentative" not in lab.command(
            "ip", "-n", namespace, "-6", "address", "show", "scope", "link"), "the addresses of the link")
    names = [lab.scratch_file(f"dhclient.{kind}") for kind in ("leases", "pid")]
    return lab.start(lab.client_ns, "dhclient", "-6", "-1", "-d", "-v", "-cf", conf, "-lf", names[0], "-pf", names[1],
                       "-sf", "/bin/true", "wire0")


def far_device(lab):
    """A device behind a relay: their namespaces. The relay has relay0 to the device, relay1 to the server's relay2."""
    relay, device = lab.add_namespace("relay"), lab.add_namespace("device")
    link = ("link", "add")
    lab.command("ip", "-n", device, *link, "wire0", "address", "02:00:00:00:00:20", "type", "veth", "peer", "name",
                "relay0", "address", "02:00:00:00:00:21", "netns", relay)
    lab.command("ip", "-n", relay, *link, "relay1", "address", "02:00:00:00:00:22", "type", "veth", "peer", "name",
                "relay2", "address", "02:00:00:00:00:02", "netns", lab.server_ns)
    for namespace, name, address in ((relay, "relay0", "203.0.113.1/24"), (relay, "relay1", f"{RELAY}/24"),
                                     (lab.server_ns, "relay2", "198.51.100.2/24")):
        lab.command("ip", "-n", namespace, "address", "add", address, "dev", name)
    for namespace, name in ((device, "wire0"), (relay, "relay0"), (relay, "relay1"), (lab.server_ns, "relay2")):
        lab.command("ip", "-n", namespace, "link", "set", name, "up")
    lab.command("ip", "-n", lab.server_ns, "route", "add", "203.0.113.0/24", "via", RELAY)
    return relay, device
