"""An option of 300 bytes, and more options than have room, so that the server uses file and sname (ISC dhcpd, udhcpc)."""

import dhcp_lab

LONG = "".join(f"{n:03d}." for n in range(75))
CONF = f"""
option long-text code 224 = text;
option more-text code 225 = text;
option tftp-addresses code 150 = array of ip-address;
ignore client-updates;
ping-check false;
subnet 192.0.2.0 netmask 255.255.255.0 {{
  range 192.0.2.100 192.0.2.120;
  next-server 192.0.2.3;
  option tftp-server-name "tftp.example";
  option bootfile-name "router-confg";
  option tftp-addresses 192.0.2.4;
  option long-text "{LONG}";
  option more-text "{"x" * 60}";
}}
"""


def make(lab, out):
    with dhcp_lab.dhcpd(lab, CONF), lab.capture(f"{out}/capture.pcap", dhcp_lab.DHCP):
        dhcp_lab.udhcpc(lab, "-O", "66", "-O", "67", "-O", "150", "-O", "224", "-O", "225")
