"""Files read and written by TFTP: octet and netascii, with options and without, IPv4 and IPv6 (tftpd-hpa)."""

import os

CONFIGURATION = """hostname device.example
snmp-server community perpass-example ro
interface eth0
 ip address 192.0.2.10 255.255.255.0
end
"""


def write(folder, name, data):
    path = os.path.join(folder, name)
    with open(path, "wb") as out:
        out.write(data)
    os.chmod(path, 0o666)
    return path


def image(size):
    """Bytes that are the same each time, and of no known format."""
    return bytes((n * 7 + n // 256) % 251 for n in range(size))


def run(lab, *argv, says=()):
    client = lab.start(lab.client_ns, *argv)
    client.close_input()
    client.finish()
    client.must_say(says)


def make(lab, out):
    root, here = lab.scratch_file("root"), lab.scratch_file("here")
    os.makedirs(root)
    os.makedirs(here)
    os.chmod(lab.scratch, 0o755)
    write(root, "device.cfg", CONFIGURATION.encode())
    write(root, "image.bin", image(5000))
    write(root, "even.bin", image(1024))
    write(root, "backup.cfg", b"")
    backup = write(here, "backup.cfg", CONFIGURATION.encode())
    got = os.path.join(here, "got")

    def curl(name, *options, host="192.0.2.1"):
        run(lab, "curl", "-sS", "-g", "-o", got, *options, f"tftp://{host}/{name}")

    server = lab.serving(69, "in.tftpd", "--foreground", "--secure", "--user", "root", "--verbosity", "3", root)
    with server, lab.capture(f"{out}/capture.pcap", "udp and (port 69 or portrange 1024-65535)"):
        curl("image.bin")
        curl("device.cfg", "--tftp-no-options", host="[2001:db8::1]")
        curl("even.bin", "--tftp-blksize", "256")
        run(lab, "tftp", "-m", "netascii", "192.0.2.1", "-c", "get", "device.cfg", got)
        run(lab, "tftp", "-m", "octet", "192.0.2.1", "-c", "put", backup, "backup.cfg")
        run(lab, "tftp", "192.0.2.1", "-c", "get", "missing.cfg", got, says=["File not found"])
    with open(os.path.join(root, "backup.cfg"), "rb") as file:
        assert file.read() == CONFIGURATION.encode()
