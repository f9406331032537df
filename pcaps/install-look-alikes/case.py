"""What looks like an attack on installs and is none: failover, copies, a PXE proxy, walks through names, patience."""

import captures
from install_frames import ACK, OFFER, REQUEST, Site, file_option, option, server_option

WALK = ["01-02-00-00-00-07-2a"] + [f"{0xC000022A:08X}"[:length] for length in range(8, 0, -1)]
SWITCH = ["network-confg", "cisconet.cfg", "router-confg", "ciscortr.cfg"]


def make(lab, out):
    site = Site()
    # A server without boot information, and one that offers no address: a PXE proxy. Copies by a mirror port.
    site.discover(41)
    site.answer(41, OFFER, "192.0.2.1")
    site.repeat()
    site.answer(41, OFFER, "192.0.2.3", option(60, b"PXEClient"), file_option("pxelinux.0"), lease=False)
    site.repeat()
    # A server that names itself in siaddr, and another one in the option that counts; several servers in one option.
    site.lease(42, "192.0.2.1", file_option("pxelinux.0"), server_option("192.0.2.2", "192.0.2.4"), siaddr="192.0.2.1")
    for name in WALK:
        site.miss(42, "192.0.2.2", f"pxelinux.cfg/{name}")
    for name in SWITCH:
        site.miss(42, "192.0.2.2", name)
    for number in range(20):
        site.miss(42, "192.0.2.2", f"grub/x86_64-efi/part{number}.mod")
    # Patience as RFC 8886 suggests, each time with a request that is sent again at once.
    for _ in range(5):
        site.pause(300)
        site.miss(43, "192.0.2.2", "branch.cfg")
        site.miss(43, "192.0.2.2", "branch.cfg")
    # An encrypted file that is not there at first, and later is not taken for a plain one; a log that is written.
    site.miss(44, "192.0.2.2", "edge.enc")
    site.put(44, "192.0.2.2", "edge.log", b"2023-11-14 link up\n" * 4)
    site.dhcp(44, REQUEST, option(50, bytes([192, 0, 2, 44])))
    site.answer(44, ACK, "192.0.2.1")
    captures.write(f"{out}/capture.pcap", site.packets)
