"""Two devices, one after the other, that are told where their configuration is, in every way at once (dnsmasq, udhcpc)."""

import dhcp_lab


def make(lab, out):
    options = ["--dhcp-range=192.0.2.100,192.0.2.120,1h", "--dhcp-boot=network-confg,boot.example,192.0.2.3",
               "--dhcp-option-force=66,tftp.example", "--dhcp-option-force=67,SN19842256.enc",
               "--dhcp-option-force=150,192.0.2.4,192.0.2.5", "--dhcp-option=option:domain-name,example",
               "--dhcp-option-force=43,5A1D;B2;K4;I192.0.2.7;J80"]
    with dhcp_lab.dnsmasq(lab, 67, *options), lab.capture(f"{out}/capture.pcap", dhcp_lab.DHCP):
        dhcp_lab.udhcpc(lab, "-V", "Arista;DCS-7050S-64;01.23;JPE12345678", "-x", "hostname:leaf-1",
                        "-O", "66", "-O", "67", "-O", "150", "-O", "43")
        dhcp_lab.udhcpc(lab, "-C", "-x", "0x3d:00534e3139383432323536", "-x", "hostname:leaf-2", "-F", "leaf-2.example",
                        "-V", "udhcp")
