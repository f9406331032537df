"""Endpoints whose day has a channel in it."""
import channels
import packets
from carriers import make_day

WEB = {"web": 25}
NUMBERS = 100000  # from here on; those below are clean

# What an endpoint does, so that there is something to carry the channel.
CARRIERS = {
    "ip-id": {"upload": 1}, "isn": {"web": 40}, "isn-ml": {"web": 40}, "ack": {"web": 40}, "ack-bounce": {"web": 40},
    "timestamp": {"upload": 1}, "ttl": {"upload": 1}, "dscp": {"upload": 1}, "flow-label": {"upload": 1},
    "flow-label-flow": {"web": 40}, "ip-reserved": {"upload": 1}, "tcp-reserved": {"upload": 1},
    "tcp-urgent": {"upload": 1}, "padn": {"upload": 1}, "tls-random": WEB, "session-id": WEB, "padding": WEB,
    "ticket": WEB, "nonce": WEB, "heartbeat": WEB, "starttls": {"mail": 25}, "dhcp-slack": {"lease": 6}, "dhcp-sname": {"lease": 6},
    "icmp": {"ping": 3}, "ethernet": {"web": 10}, "timing-onoff": {"call": 1}, "timing-two": {"call": 1},
    "timing-jitter": {"shell": 1}, "timing-replay": {"shell": 1},
}


def clean(seed, number, channel):
    """An endpoint that could carry the channel, and its capture."""
    client, frames = make_day(seed, number, only=CARRIERS[channel])
    return client, [(time_ns, frame) for time_ns, frame in frames]


def with_channel(channel, rate, payload, seed, want, first=0):
    """(machine, capture, what was sent, key) of so many endpoints that carry something at the rate, from number |first|
    on."""
    number, found = NUMBERS + first, 0
    while found < want and number < NUMBERS + first + 20 * want + 200:
        number += 1
        client, frames = clean(seed, number, channel)
        capture = packets.Capture(packets.ETHERNET, [packets.Packet(time_ns, frame) for time_ns, frame in frames])
        key = seed * 1000003 + number
        sent = channels.embed(capture, client.packed, channel, rate, payload, key)
        if sent:
            found += 1
            yield client, capture, sent, key
