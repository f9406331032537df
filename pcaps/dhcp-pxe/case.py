"""A client of PXE, by the options that it sends, and a server with a boot menu (dnsmasq, udhcpc)."""

import dhcp_lab


def make(lab, out):
    options = ["--dhcp-range=192.0.2.100,192.0.2.120,1h", "--enable-tftp", "--tftp-root=" + lab.scratch,
               "--dhcp-boot=pxelinux.0,,192.0.2.9", "--pxe-service=x86PC,Install,pxelinux,192.0.2.9"]
    with dhcp_lab.dnsmasq(lab, 67, *options), lab.capture(f"{out}/capture.pcap", dhcp_lab.DHCP):
        dhcp_lab.udhcpc(lab, "-V", "PXEClient:Arch:00000:UNDI:002001", "-x", "0x5d:0000", "-x", "0x5e:010201",
                        "-x", "0x61:00000102030405060708090a0b0c0d0e0f", "-O", "43", "-O", "60", "-O", "66", "-O", "67")
