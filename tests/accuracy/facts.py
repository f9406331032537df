"""Compares two sets of facts: the oracle's and those of perpass.

A fact is told from others of its kind by the keys in IDENTITY; of two facts with the same identity the keys
are compared that perpass states. Keys that begin with "_" are hints for a person. Equal facts count once, so
that a retransmission, or a capture that holds each packet twice, changes nothing.
"""
import collections
import json

IDENTITY = {
    "tls.client_hello": ("proto", "src", "dst", "random"),
    "tls.server_hello": ("proto", "src", "dst", "random"),
    "tls.ssl2_server_hello": ("proto", "src", "dst"),
    "tls.server_key_exchange": ("proto", "src", "dst"),
    "tls.psk_hint": ("proto", "src", "dst"),
    "tls.psk_identity": ("proto", "src", "dst", "where", "index", "identity_hex"),
    "tls.alert": ("proto", "src", "dst", "desc"),
    "tls.certificate": ("proto", "src", "dst", "der_sha256"),
    "tls.certificate_empty": ("proto", "src", "dst"),
    "tls.certificate_request": ("proto", "src", "dst"),
    "tls.new_session_ticket": ("proto", "src", "dst"),
    "tls.resumption": ("proto", "client", "server"),
    "dtls.hello_verify": ("src", "dst", "cookie"),
    "dtls.cid_record": ("src", "dst", "cid"),
    "starttls": ("client", "server", "app"),
    "tftp.request": ("src", "dst", "op", "file"),
    "tftp.transfer": ("client", "server", "file"),
    "tftp.object": ("sha256",),
    "dhcp": ("src", "dst", "type", "xid"),
    "dhcp.options": ("packet",),
    "dhcpv6": ("src", "dst", "type", "relayed"),
    "dhcpv6.options": ("packet", "depth"),
    "quic.long": ("src", "dst", "ptype", "version", "dcid", "scid", "token_len"),
}

DRAFT_KEY_SHARE, KEY_SHARE = 40, 51


class Comparison:
    """Counts by kind and carrier, and by kind and key, and a line for each disagreement.

    A key counts where one side gives it a value: "stated" by the oracle, and "equal" or "unequal". Of a fact that
    perpass lacks, each value is unequal. |no_facts| says by kind how many facts that only the oracle has are
    none: they are left out.
    """

    def __init__(self, no_facts=()):
        self.no_facts = collections.Counter(no_facts)
        self.kinds = collections.defaultdict(collections.Counter)
        self.keys = collections.defaultdict(collections.Counter)
        self.disagreements = collections.Counter()  # facts, by kind and sign
        self.lines = []

    def add(self, other):
        for kind, counts in other.kinds.items():
            self.kinds[kind].update(counts)
        for key, counts in other.keys.items():
            self.keys[key].update(counts)

    def of(self, fact):
        return self.kinds[fact["kind"], fact.get("proto")]

    def count_keys(self, want, got):
        """|got| is None where perpass lacks the fact."""
        for key, value in without_hints(want).items():
            if key == "kind" or (got and key not in got):
                continue
            other = got[key] if got else None
            if states(value) or states(other):
                counts = self.keys[want["kind"], key]
                counts["stated"] += states(value)
                counts["equal" if got and value == other else "unequal"] += 1


def states(value):
    return value not in ("", []) and value is not None and value is not False


def without_hints(fact):
    return {key: value for key, value in fact.items() if not key.startswith("_")}


def distinct(facts):
    """By kind, the facts without their copies."""
    seen = {}
    for fact in facts:
        seen.setdefault(json.dumps(without_hints(fact), sort_keys=True), fact)
    kinds = collections.defaultdict(list)
    for fact in seen.values():
        kinds[fact["kind"]].append(fact)
    return kinds


def identity(fact):
    return json.dumps([fact.get(key) for key in IDENTITY[fact["kind"]]])


def differing_keys(want, got):
    return [key for key in without_hints(got) if key in want and want[key] != got[key]]


def disagreement(comparison, sign, fact, text):
    """sign: "-" only the oracle has it, "+" only perpass has it, "!" they differ in a key."""
    comparison.disagreements[fact["kind"], sign] += 1
    comparison.lines.append(f"  {sign} {text}")


def miss(comparison, fact):
    if comparison.no_facts[fact["kind"]]:
        comparison.no_facts[fact["kind"]] -= 1
        comparison.of(fact)["no_fact"] += 1
        return
    comparison.of(fact)["missed"] += 1
    comparison.count_keys(fact, None)
    disagreement(comparison, "-", fact, json.dumps(fact, sort_keys=True))


def compare_kind(comparison, want, got):
    """Pairs facts of one kind: first those that agree, then the nearest of the same identity."""
    left = collections.defaultdict(list)
    for fact in want:
        left[identity(fact)].append(fact)
    unpaired = []
    for fact in got:
        pool = left[identity(fact)]
        match = next((other for other in pool if not differing_keys(other, fact)), None)
        if match is None:
            unpaired.append(fact)
            continue
        pool.remove(match)
        comparison.of(fact)["agree"] += 1
        comparison.count_keys(match, fact)
    for fact in unpaired:
        pool = left[identity(fact)]
        if not pool:
            comparison.of(fact)["extra"] += 1
            disagreement(comparison, "+", fact, json.dumps(fact, sort_keys=True))
            continue
        nearest = min(pool, key=lambda other: len(differing_keys(other, fact)))
        pool.remove(nearest)
        comparison.of(fact)["differ"] += 1
        comparison.count_keys(nearest, fact)
        keys = "; ".join(
            f"{key}: oracle {json.dumps(nearest[key])}, perpass {json.dumps(fact[key])}"
            for key in differing_keys(nearest, fact)
        )
        frames = nearest.get("_frames")
        disagreement(comparison, "!", fact, f"{fact['kind']} {identity(fact)} frames {frames} {keys}")
    for pool in left.values():
        for fact in pool:
            miss(comparison, fact)
    for fact in want:
        comparison.of(fact)["oracle"] += 1
    for fact in got:
        comparison.of(fact)["perpass"] += 1


def without_blind_keys(fact):
    """The oracle's fact without what tshark cannot tell: drafts of TLS 1.3 up to 22 had key_share as
    extension 40, which tshark does not read."""
    extensions = fact.get("extensions", [])
    if DRAFT_KEY_SHARE not in extensions or KEY_SHARE in extensions:
        return fact
    return {key: value for key, value in fact.items() if key not in ("key_share_groups", "key_share_group")}


EAPOL_GROUP = "01:80:c2:00:00:03"


def as_sent(want, got):
    """802.1X: the oracle says which group a frame was sent to, perpass whom it was for."""
    senders = {fact["src"] for fact in want if fact.get("dst") == EAPOL_GROUP}
    return [{**fact, "dst": EAPOL_GROUP} if fact.get("src") in senders else fact for fact in got]


def compare(want, got, no_facts=()):
    comparison = Comparison(no_facts)
    got = as_sent(want, got)
    want, got = distinct(map(without_blind_keys, want)), distinct(got)
    for kind in sorted(set(want) | set(got)):
        compare_kind(comparison, want.get(kind, []), got.get(kind, []))
    return comparison
