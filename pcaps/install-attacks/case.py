"""A second DHCP server, a server outside, guesses, impatience, a backup in clear (put together by hand)."""

import captures
from install_frames import OFFER, Site, file_option, server_option

CONFIGURATION = b"""version 15.2
service timestamps debug datetime msec
hostname edge-1
aaa new-model
interface GigabitEthernet0/1
 ip address 192.0.2.7 255.255.255.0
end
"""


def make(lab, out):
    site = Site()
    site.discover(31)
    site.answer(31, OFFER, "192.0.2.1", file_option("edge.cfg"), server_option("192.0.2.2"))
    site.answer(31, OFFER, "192.0.2.66", file_option("evil.cfg"), server_option("192.0.2.66"))
    site.pause(2)
    site.lease(32, "192.0.2.1", file_option("edge.cfg"), server_option("192.0.2.2"))
    site.get(32, "198.51.100.9", "edge.cfg", CONFIGURATION)
    for number in range(20):
        site.miss(33, "192.0.2.2", f"core{number}-confg")
    for _ in range(5):
        site.pause(60)
        site.miss(34, "192.0.2.2", "branch.cfg")
    site.put(35, "192.0.2.2", "running-config", CONFIGURATION)
    captures.write(f"{out}/capture.pcap", site.packets)
