"""Three devices that install themselves: plainly, encrypted as RFC 8886 has it, and plainly for want of the other."""

import os

import dhcp_lab

SECRETS = ["perpass-radius-key", "perpass-community", "094F471A1A0A1411", "perpass-ike-key"]

PLAIN = f"""version 15.2
service timestamps debug datetime msec
hostname edge-1
enable password 7 {SECRETS[2]}
aaa new-model
snmp-server community {SECRETS[1]} RO
radius-server host 192.0.2.5 key {SECRETS[0]}
crypto isakmp key {SECRETS[3]} address 192.0.2.6
interface GigabitEthernet0/1
 ip address 192.0.2.7 255.255.255.0
end
"""

FALLBACK = f"""version 15.2
service timestamps debug datetime msec
hostname edge-3
aaa new-model
snmp-server community {SECRETS[1]} RO
interface GigabitEthernet0/1
 ip address 192.0.2.8 255.255.255.0
end
"""

SCRIPT = """#!/bin/sh
[ "$1" = bound ] && ip address replace "$ip/24" dev "$interface"
exit 0
"""

DEVICES = [("02:00:00:00:00:31", "192.0.2.101", "SN19842255", ["router-confg"]),
           ("02:00:00:00:00:32", "192.0.2.102", "SN19842256", ["SN19842256.enc"]),
           ("02:00:00:00:00:33", "192.0.2.103", "SN19842257", ["SN19842257.enc", "SN19842257.cfg"])]


def encrypt(lab, root, name, text):
    """Appendix A of RFC 8886: a key and a certificate of the device, and a file that is encrypted to it."""
    key, certificate, plain = (lab.scratch_file(f"device.{kind}") for kind in ("key", "crt", "cfg"))
    with open(plain, "w", encoding="utf-8") as out:
        out.write(text)
    lab.command("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "36500", "-subj", f"/CN={name}",
                "-keyout", key, "-out", certificate)
    lab.command("openssl", "smime", "-encrypt", "-aes-256-cbc", "-in", plain, "-out",
                os.path.join(root, f"{name}.enc"), "-outform", "PEM", certificate)


def become(lab, mac):
    """The client's end of the wire is another device: no address yet."""
    for words in (["address", "flush", "dev", "wire0"], ["link", "set", "wire0", "down"],
                  ["link", "set", "wire0", "address", mac], ["link", "set", "wire0", "up"]):
        lab.command("ip", "-n", lab.client_ns, *words)


def install(lab, script, mac, serial, files):
    become(lab, mac)
    client = lab.start(lab.client_ns, "udhcpc", "-i", "wire0", "-f", "-q", "-n", "-t", "5", "-T", "3", "-s", script,
                       "-V", f"Arista;DCS-7050S-64;01.23;{serial}", "-O", "66", "-O", "67")
    client.finish()
    client.must_say(["lease of "])
    for name in files:
        fetch = lab.start(lab.client_ns, "curl", "-sS", "-o", lab.scratch_file("got"), "--tftp-no-options",
                          f"tftp://192.0.2.1/{name}")
        fetch.close_input()
        fetch.popen.wait(timeout=30)  # a file that is not there is no success


def make(lab, out):
    root = lab.scratch_file("root")
    os.makedirs(root)
    os.chmod(lab.scratch, 0o755)
    for name, text in (("router-confg", PLAIN), ("SN19842257.cfg", FALLBACK)):
        with open(os.path.join(root, name), "w", encoding="utf-8") as file:
            file.write(text)
    encrypt(lab, root, "SN19842256", PLAIN)
    script = dhcp_lab.write(lab, "bound", SCRIPT)
    os.chmod(script, 0o755)
    options = ["--dhcp-range=192.0.2.101,192.0.2.110,1h"]
    for number, (mac, address, _, files) in enumerate(DEVICES):
        options += [f"--dhcp-host={mac},set:device{number},{address}",
                    f"--dhcp-option=tag:device{number},67,{files[0]}",
                    f"--dhcp-option=tag:device{number},66,192.0.2.1"]
    tftpd = lab.serving(69, "in.tftpd", "--foreground", "--secure", "--user", "root", root)
    with tftpd, dhcp_lab.dnsmasq(lab, 67, *options), lab.capture(f"{out}/capture.pcap", "udp and not port 5353"):
        for mac, _, serial, files in DEVICES:
            install(lab, script, mac, serial, files)
