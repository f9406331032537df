"""Channels in the times between packets."""
import random

from packets import TCP, UDP

MS = 10**6


class Timing:
    """The longest conversation of the endpoint: the times between its packets with payload; of these, one part of |rate|
    in one go, at its begin. What others send in it moves along."""
    rule = "covert.timing"

    def __init__(self, name):
        self.name = name

    def carriers(self, capture, endpoint):
        flows = {}
        for packet in capture.packets:
            if packet.source == endpoint and packet.l4 != 0 and packet.protocol in (TCP, UDP) \
                    and packet.end > packet.payload:
                flows.setdefault(packet.flow(), []).append(packet)
        return max(flows.values(), key=len, default=[])

    @staticmethod
    def used(carriers, rate):
        return max(0, (len(carriers) - 1) // rate)

    def embed(self, capture, endpoint, bits, chosen):
        carriers = self.carriers(capture, endpoint)
        used = self.used(carriers, chosen.rate)
        if used == 0:
            return
        gaps = [later.time_ns - earlier.time_ns for earlier, later in zip(carriers, carriers[1:])]
        self.prepare(gaps)
        rng, new = bits.rng if bits.data is None else random.Random(7), {id(carriers[0]): carriers[0].time_ns}
        now = carriers[0].time_ns
        for number, packet in enumerate(carriers[1:]):
            now += self.gap(gaps[number], bits, rng) if number < used else gaps[number]
            new[id(packet)] = now
        flow, shift = carriers[0].flow(), 0
        for packet in capture.packets:
            if packet.l4 != 0 and packet.flow() == flow:
                if id(packet) in new:
                    shift = new[id(packet)] - packet.time_ns
                packet.time_ns += shift
        capture.packets.sort(key=lambda packet: packet.time_ns)

    def extract(self, capture, endpoint, payload, chosen):
        carriers = self.carriers(capture, endpoint)
        gaps = [later.time_ns - earlier.time_ns for earlier, later in zip(carriers, carriers[1:])]
        return [self.bits_of(gap) for gap in gaps[:self.used(carriers, chosen.rate)]]

    def prepare(self, gaps):
        pass


class OnOff(Timing):
    """A packet in the interval is 1, none is 0 (Cabuk et al. 2004)."""
    INTERVAL = 40 * MS

    def gap(self, gap, bits, rng):
        zeros = 0
        while bits.take(1) == 0:
            zeros += 1
            bits.sent.pop()
        bits.sent[-1] = (zeros + 1, 1)
        return (zeros + 1) * self.INTERVAL + int(max(-10 * MS, min(10 * MS, rng.gauss(0, 0.3 * MS))))

    def bits_of(self, gap):
        return round(gap / self.INTERVAL), 1


class TwoTimes(Timing):
    """A short or a long time."""

    def gap(self, gap, bits, rng):
        return (60 if bits.take(1) else 30) * MS + int(max(-10 * MS, min(10 * MS, rng.gauss(0, MS))))

    def bits_of(self, gap):
        return 1, int(gap > 45 * MS)


class JitterBug(Timing):
    """The time as it is and a little, so that it is even or odd in units of 10 ms (Shah et al. 2006)."""
    WINDOW = 20 * MS

    def gap(self, gap, bits, rng):
        wanted = self.WINDOW // 2 if bits.take(1) else 0
        noise = int(max(-4 * MS, min(4 * MS, rng.gauss(0, 0.2 * MS))))
        return max(gap + (wanted - gap) % self.WINDOW + noise, 0)

    def bits_of(self, gap):
        return 1, int(round(gap / (self.WINDOW // 2)) % 2)


class Replay(Timing):
    """Times of the conversation itself, of the shorter or the longer half (Cabuk 2006)."""
    halves, cut = None, None

    def prepare(self, gaps):
        gaps = sorted(gaps)
        middle = len(gaps) // 2
        self.cut = gaps[middle]
        self.halves = ([gap for gap in gaps[:middle] if gap < self.cut] or [self.cut - 1], gaps[middle:])

    def gap(self, gap, bits, rng):
        return rng.choice(self.halves[bits.take(1)])

    def bits_of(self, gap):
        return 1, int(gap >= self.cut)
