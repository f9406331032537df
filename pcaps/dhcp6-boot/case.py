"""A device that is told the URL of its configuration and parameters by DHCPv6 (dnsmasq, ISC dhclient)."""

import dhcp_lab

CONF = """
send fqdn.fqdn "leaf-6.example.";
send fqdn.encoded on;
also request dhcp6.bootfile-url, dhcp6.bootfile-param;
"""


def make(lab, out):
    options = ["--dhcp-range=2001:db8::100,2001:db8::1ff,64,1h", "--dhcp-option=option6:dns-server,[2001:db8::53]",
               "--dhcp-option=option6:bootfile-url,http://[2001:db8::1]/SN19842256.enc",
               "--dhcp-option=option6:bootfile-param,a=b=c"]
    with dhcp_lab.dnsmasq(lab, 547, *options) as server, lab.capture(f"{out}/capture.pcap", dhcp_lab.DHCP6):
        dhcp_lab.dhclient6(lab, CONF)
        server.wait_for("DHCPREPLY")
