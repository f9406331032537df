"""Sessions resumed after more than a day, and after less, and a ticket key that is older; times of other captures moved."""

import dataclasses

from captures import read, write
from lab import CLIENTS

FROM = ["blast-radius", "tls13-ticket-twice-psk-ke"]
HOUR = 3600 * 1_000_000
RSA_PORT = 4433  # of blast-radius: two clients, each with a full handshake and a resumed one


def conversations(packets):
    """By client: its conversations, in their order."""
    clients = {}
    for packet in packets:
        at = packet.tcp_header()[0]
        source, target = packet.data[26:30], packet.data[30:34]
        ports = sorted((packet.data[at : at + 2], packet.data[at + 2 : at + 4]))
        client = min(source, target, key=lambda address: address == bytes([192, 0, 2, 1]))
        clients.setdefault(".".join(map(str, client)), {}).setdefault(tuple(ports), []).append(packet)
    return {client: list(found.values()) for client, found in clients.items()}


def moved(packets, start, hours):
    """The same packets, the first one |hours| after |start|."""
    by = start + hours * HOUR - packets[0].time
    return [dataclasses.replace(packet, time=packet.time + by) for packet in packets]


def make(_, out, blast_radius, tls13):
    ports = RSA_PORT.to_bytes(2, "big")
    rsa = conversations([p for p in read(blast_radius) if ports in (p.data[34:36], p.data[36:38])])
    psk_ke = conversations(read(tls13))[CLIENTS[0]]  # the ticket is given in the first, and seen from the second on
    start = rsa[CLIENTS[0]][0][0].time
    packets = []
    for conversation, hours in zip(rsa[CLIENTS[0]] + rsa[CLIENTS[1]] + psk_ke, (0, 25, 26, 49, 50, 51, 80)):
        packets += moved(conversation, start, hours)
    write(f"{out}/capture.pcap", packets)
