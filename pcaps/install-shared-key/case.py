"""Encrypted configurations of three devices: two for one key, one for the device's own (put together by hand)."""

import captures
from install_frames import Site, file_option, server_option

CONFIGURATION = """version 15.2
hostname edge-{device}
aaa new-model
interface GigabitEthernet0/1
 ip address 192.0.2.{device} 255.255.255.0
end
"""
RECIPIENTS = {51: "fleet", 52: "fleet", 53: "edge-53"}  # of the devices


def certify(lab, name, serial):
    certificate = lab.scratch_file(f"{name}.crt")
    lab.command("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "36500", "-subj", f"/CN={name}",
                "-set_serial", str(serial), "-keyout", lab.scratch_file(f"{name}.key"), "-out", certificate)
    return certificate


def encrypt(lab, device, certificate):
    """Appendix A of RFC 8886: what a device fetches is encrypted to a certificate."""
    plain, encrypted = lab.scratch_file("plain.cfg"), lab.scratch_file("edge.enc")
    with open(plain, "w", encoding="ascii") as out:
        out.write(CONFIGURATION.format(device=device))
    lab.command("openssl", "smime", "-encrypt", "-aes-256-cbc", "-in", plain, "-out", encrypted, "-outform", "PEM",
                certificate)
    with open(encrypted, "rb") as file:
        return file.read()


def make(lab, out):
    certificates = {name: certify(lab, name, serial) for serial, name in enumerate(sorted(set(RECIPIENTS.values())), 1001)}
    site = Site()
    for device, name in RECIPIENTS.items():
        file = f"edge-{device}.enc"
        site.lease(device, "192.0.2.1", file_option(file), server_option("192.0.2.2"))
        site.get(device, "192.0.2.2", file, encrypt(lab, device, certificates[name]))
        site.pause(60)
    captures.write(f"{out}/capture.pcap", site.packets)
