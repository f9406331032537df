"""DHCP and TFTP put together by hand: servers that answer as they should not, hosts that ask for what they should not."""

import socket
import struct

import captures
from dhcp_frames import COOKIE, option

DISCOVER, OFFER, REQUEST, ACK = 1, 2, 3, 5


class Site:
    """Packets that follow each other at 10 ms, and after pauses. Device n has the MAC address 02:00:00:00:07:n and the
    address 192.0.2.n; servers are named by their addresses."""

    def __init__(self):
        self.packets, self.time, self.port, self.xid = [], 1_700_000_000_000_000, 40000, 0

    def pause(self, seconds):
        self.time += int(seconds * 1_000_000)

    def say(self, source, destination, payload):
        self.time += 10_000
        self.packets.append(captures.udp_packet(self.time, source, destination, payload))

    def repeat(self):
        """The last packet comes a second time, as a mirror port has it."""
        last = self.packets[-1]
        self.packets.append(captures.Packet(self.time + 3, last.data, len(last.data)))

    def dhcp(self, device, kind, options=b"", yours="0.0.0.0", siaddr="0.0.0.0", source=None):
        op = 2 if kind in (OFFER, ACK) else 1
        head = struct.pack("!BBBBIHH", op, 1, 6, 0, 0x50450000 + self.xid, 0, 0)
        head += bytes(4) + socket.inet_aton(yours) + socket.inet_aton(siaddr) + bytes(4)
        head += bytes.fromhex("0200000007") + bytes([device]) + bytes(10 + 64 + 128) + COOKIE
        payload = head + option(53, bytes([kind])) + options + b"\xff"
        if op == 1:
            self.say(("0.0.0.0", 68), ("255.255.255.255", 67), payload)
        else:
            self.say((source, 67), ("255.255.255.255", 68), payload)

    def discover(self, device):
        self.xid += 1
        self.dhcp(device, DISCOVER, option(55, bytes([1, 3, 66, 67, 150])))

    def answer(self, device, kind, server, *options, siaddr="0.0.0.0", lease=True):
        yours = f"192.0.2.{device}" if lease else "0.0.0.0"
        named = option(54, socket.inet_aton(server)) + option(51, struct.pack("!I", 86400))
        self.dhcp(device, kind, named + b"".join(options), yours, siaddr, server)

    def lease(self, device, server, *options, **how):
        self.discover(device)
        self.answer(device, OFFER, server, *options, **how)
        self.dhcp(device, REQUEST, option(50, socket.inet_aton(f"192.0.2.{device}")))
        self.answer(device, ACK, server, *options, **how)

    def tftp(self, device, server, op, name):
        self.port += 1
        self.say((f"192.0.2.{device}", self.port), (server, 69), struct.pack("!H", op) + name.encode() + b"\0octet\0")

    def miss(self, device, server, name):
        self.tftp(device, server, 1, name)
        self.say((server, self.port + 10000), (f"192.0.2.{device}", self.port), b"\0\5\0\1File not found\0")

    def blocks(self, sender, receiver, data):
        for number in range(len(data) // 512 + 1):
            self.say(sender, receiver, struct.pack("!HH", 3, number + 1) + data[512 * number:512 * number + 512])
            self.say(receiver, sender, struct.pack("!HH", 4, number + 1))

    def get(self, device, server, name, data):
        self.tftp(device, server, 1, name)
        self.blocks((server, self.port + 10000), (f"192.0.2.{device}", self.port), data)

    def put(self, device, server, name, data):
        self.tftp(device, server, 2, name)
        there, here = (server, self.port + 10000), (f"192.0.2.{device}", self.port)
        self.say(there, here, b"\0\4\0\0")
        self.blocks(here, there, data)


def file_option(name):
    return option(67, name.encode())


def server_option(*servers):
    return option(150, b"".join(socket.inet_aton(server) for server in servers))
