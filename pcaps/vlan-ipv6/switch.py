"""A switch in user space: port0 and port1 are access ports of VLAN 7, trunk0 and trunk1 a trunk between.

What comes in at port0 goes out of trunk0 with an 802.1Q tag, arrives at trunk1, and leaves at port1
without; and the same way back. Says "ready" when the ports are there, waits for a line that says that
they are up, and then runs until it is stopped.
"""

import fcntl
import os
import select
import socket
import struct
import subprocess
import sys

VLAN = 7
TAG = struct.pack("!HH", 0x8100, VLAN)
ETH_P_ALL = 0x0003
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
SOL_PACKET, PACKET_AUXDATA = 263, 8
AUXDATA = struct.Struct("=IIIHHHH")  # struct tpacket_auxdata; the tag is its second last member
TAG_VALID = 0x10


def open_tap(name):
    tap = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return tap


def open_trunk(name):
    trunk = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    trunk.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    trunk.bind((name, 0))
    return trunk


def receive_tagged(trunk):
    """A frame that came in with our tag, without it (the kernel moves the tag aside); else None."""
    frame, ancillary, _, address = trunk.recvmsg(65536, 64)
    if address[2] == socket.PACKET_OUTGOING:
        return None
    for level, kind, data in ancillary:
        if level == SOL_PACKET and kind == PACKET_AUXDATA and len(data) >= AUXDATA.size:
            status, _, _, _, _, tag, _ = AUXDATA.unpack_from(data)
            if status & TAG_VALID and tag & 0xFFF == VLAN:
                return frame
    return None


def main():
    subprocess.run(["ip", "link", "add", "trunk0", "address", "02:00:00:00:07:00", "type", "veth",
                    "peer", "name", "trunk1", "address", "02:00:00:00:07:01"], check=True)
    for name in ("trunk0", "trunk1"):
        subprocess.run(["ip", "link", "set", name, "up"], check=True)
    taps = [open_tap("port0"), open_tap("port1")]
    trunks = [open_trunk("trunk0"), open_trunk("trunk1")]
    print("ready", flush=True)
    sys.stdin.readline()
    print("forwarding", flush=True)
    while True:
        readable, _, _ = select.select([*taps, *trunks], [], [])
        for tap, trunk in zip(taps, trunks):
            if tap in readable:
                frame = os.read(tap, 65536)
                trunk.send(frame[:12] + TAG + frame[12:])
            if trunk in readable:
                frame = receive_tagged(trunk)
                if frame is not None:
                    os.write(tap, frame)


if __name__ == "__main__":
    main()
