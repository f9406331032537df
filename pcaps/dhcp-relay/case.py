"""A device behind a relay that adds its own options (udhcpc, ISC dhcrelay, dnsmasq)."""

import dhcp_lab


def make(lab, out):
    relay, device = dhcp_lab.far_device(lab)
    options = ["--interface=relay2", "--dhcp-range=203.0.113.100,203.0.113.120,255.255.255.0,1h",
               "--dhcp-boot=device.cfg,,198.51.100.2"]
    with dhcp_lab.dnsmasq(lab, 67, *options), \
            lab.serving(67, "dhcrelay", "-4", "-d", "-a", "-m", "replace", "-pf", lab.scratch_file("relay.pid"), "-id",
                        "relay0", "-iu", "relay1", "198.51.100.2", namespace=relay), \
            lab.capture(f"{out}/capture.pcap", dhcp_lab.DHCP, interface="relay2"):
        dhcp_lab.udhcpc(lab, "-x", "hostname:far", namespace=device)
