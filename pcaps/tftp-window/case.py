"""Windows of TFTP out of order, a block that the capture lacks, numbers past 65,535 (put together by hand)."""

import struct

import captures

CLIENT, SERVER = "192.0.2.10", "192.0.2.1"
BLKSIZE, WINDOW, LAST = 8, 4, 18  # the last block has 5 bytes


def block(number):
    """Bytes that are the same each time, and of no known format."""
    first = (number - 1) * BLKSIZE
    return bytes((n * 7 + n // 256) % 251 for n in range(first, first + (5 if number == LAST else BLKSIZE)))


def options(*pairs):
    return b"".join(f"{name}\0{value}\0".encode() for name, value in pairs)


class Transfer:
    """Packets of one transfer, 10 ms apart."""

    def __init__(self, packets, client_port, server_port):
        self.packets = packets
        self.client, self.server = (CLIENT, client_port), (SERVER, server_port)

    def say(self, source, destination, payload):
        time = 1_700_000_000_000_000 + 10_000 * len(self.packets)
        self.packets.append(captures.udp_packet(time, source, destination, payload))

    def request(self, name):
        asked = options(("blksize", BLKSIZE), ("windowsize", WINDOW))
        self.say(self.client, (SERVER, 69), b"\0\1" + name + b"\0octet\0" + asked)
        self.say(self.server, self.client, b"\0\6" + asked)
        self.ack(0)

    def data(self, *numbers):
        for number in numbers:
            self.say(self.server, self.client, struct.pack("!HH", 3, number % 65536) + block(number))

    def ack(self, number):
        self.say(self.client, self.server, struct.pack("!HH", 4, number % 65536))


def make(lab, out):
    packets = []
    whole = Transfer(packets, 40001, 50001)
    whole.request(b"window.bin")
    whole.data(1, 3, 2, 4)
    whole.ack(4)
    whole.data(5, 6, 7, 8)
    whole.ack(6)  # two were lost behind the capture: they come again
    whole.data(7, 8, 9, 10)
    whole.ack(10)
    whole.data(14, 13, 12, 11)
    whole.ack(14)
    whole.data(15, 16, 17, 18)
    whole.ack(18)
    partial = Transfer(packets, 40002, 50002)
    partial.request(b"lost.bin")
    partial.data(1, 2, 4)
    partial.ack(4)
    partial.data(5, 6, 7, 8)
    partial.ack(8)
    rolling = Transfer(packets, 40003, 50003)
    rolling.request(b"long.bin")
    rolling.data(1, 2, 3, 4)
    rolling.ack(4)
    rolling.data(65533, 65534, 65535, 65536)
    rolling.ack(65536)
    rolling.data(65537, 65538, 65539, 65540)
    rolling.ack(65540)
    captures.write(f"{out}/capture.pcap", packets)
