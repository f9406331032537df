"""Covert channels as they are known, put into captures and taken out again.

    Rowland 1997            covert_tcp: IP id, initial sequence number, acknowledgement by way of a third party
    Murdoch and Lewis 2005  sequence numbers that keep to the form of the stack
    Giffin et al. 2002      low bit of the time stamp of TCP
    Zander et al. 2006      TTL
    Lucena et al. 2005      IPv6: flow label, options; Handel and Sandford 1996: type of service, unused bits
    Cabuk et al. 2004, 2009 packets or none in each interval; times replayed
    Shah et al. 2006        JitterBug: a little later or not
    Loki 1996               payload of echo requests

Sender and receiver share a key, which says which carriers are used: of so many one. What is carried is text, or what
comes out of a cipher (random bits).
"""
import random

import header_fields as header
from byte_fields import (Bytes, Echoed, Nonce, behind_dhcp_end, dhcp_server_name, echo_data, ethernet_padding,
                         extension_of_hello, random_of_hello, session_id_of_hello)
from header_fields import Field, LabelOfFlow, LowBit, Padding6, Sequence, is_syn, is_tcp
from inserted import Bounce, Heartbeat, Preamble
from packets import u16, u32
from timing import JitterBug, OnOff, Replay, TwoTimes

TEXT = ("The quick report follows. Keys of the session are given in full below; nothing else may be sent by this way. "
        "Meet at the usual place when the bell has rung twice, and bring the list of names. ")


class Bits:
    """What is to be carried, and how much of it was."""

    def __init__(self, payload, seed):
        rng = random.Random("bits:%s" % seed)
        if payload == "plain":
            at = rng.randrange(len(TEXT))
            data = (TEXT[at:] + TEXT * 40).encode()
        else:
            data = None
        self.payload, self.rng, self.data, self.at = payload, rng, data, 0
        self.sent = []

    def take(self, width):
        if self.data is None:
            value = self.rng.getrandbits(width)
        else:
            value = 0
            for _ in range(width):
                byte = self.data[self.at // 8 % len(self.data)]
                value = value << 1 | byte >> (7 - self.at % 8) & 1
                self.at += 1
        self.sent.append((width, value))
        return value


class Chosen:
    """Which carriers are used."""

    def __init__(self, key, rate):
        self.key, self.rate = key, rate

    def __call__(self, number):
        mixed = (number * 0x9E3779B97F4A7C15 ^ self.key * 0xC2B2AE3D27D4EB4F) & (1 << 64) - 1
        mixed = ((mixed ^ mixed >> 29) * 0xBF58476D1CE4E5B9) & (1 << 64) - 1
        return (mixed >> 32) % self.rate == 0


def build():
    made = [
        Field("ip-id", "covert.ip-id", 16, header.whole_ipv4, header.put_ip_id,
              lambda packet: u16(packet.data, packet.l3 + 4), 8),
        Sequence("isn", 32, 8),
        Sequence("isn-ml", 24, 24),
        Field("ack", "covert.tcp-reserved", 32, is_syn, lambda packet, value: packet.put(packet.l4 + 8, value, 4),
              lambda packet: u32(packet.data, packet.l4 + 8), 8),
        Bounce(),
        LowBit(),
        Field("ttl", "covert.ttl", 1, lambda packet: packet.l4 != 0, header.put_ttl, header.get_ttl),
        Field("dscp", "covert.dscp", 6, lambda packet: packet.l4 != 0, header.put_dscp, header.get_dscp),
        Field("flow-label", "covert.ipv6-flow-label", 20, lambda packet: packet.version == 6 and packet.l4 != 0,
              header.put_label, header.get_label),
        LabelOfFlow(),
        Field("ip-reserved", "covert.ip-reserved-bit", 1, header.whole_ipv4, header.put_reserved_bit,
              lambda packet: packet.data[packet.l3 + 6] >> 7),
        Field("tcp-reserved", "covert.tcp-reserved", 3, is_tcp, header.put_tcp_reserved,
              lambda packet: packet.data[packet.l4 + 12] >> 1 & 7),
        Field("tcp-urgent", "covert.tcp-urgent", 16, lambda packet: is_tcp(packet) and not packet.flags() & 32,
              lambda packet, value: packet.put(packet.l4 + 18, value, 2),
              lambda packet: u16(packet.data, packet.l4 + 18)),
        Padding6(),
        Bytes("tls-random", "covert.tls-random", random_of_hello),
        Echoed("session-id", "covert.session-id", session_id_of_hello),
        Bytes("padding", "covert.padding", extension_of_hello(21), 32),
        Bytes("ticket", "covert.session-id", extension_of_hello(35)),
        Nonce(),
        Heartbeat(),
        Preamble(),
        Bytes("dhcp-slack", "covert.dhcp-slack", behind_dhcp_end),
        Bytes("dhcp-sname", "covert.dhcp-slack", dhcp_server_name),
        Echoed("icmp", "covert.icmp-payload", echo_data),
        Bytes("ethernet", "covert.ethernet-padding", ethernet_padding),
        OnOff("timing-onoff"),
        TwoTimes("timing-two"),
        JitterBug("timing-jitter"),
        Replay("timing-replay"),
    ]
    return {channel.name: channel for channel in made}


CHANNELS = build()


def embed(capture, endpoint, name, rate, payload, seed):
    """Puts a channel into a capture; what it carries as (width, value) pairs."""
    bits = Bits(payload, seed)
    CHANNELS[name].embed(capture, endpoint, bits, Chosen(seed, rate))
    for packet in capture.packets:
        if endpoint in (packet.source, packet.target):
            packet.mend()
    return bits.sent


def extract(capture, endpoint, name, rate, payload, seed):
    return CHANNELS[name].extract(capture, endpoint, payload, Chosen(seed, rate))
