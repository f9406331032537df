#!/usr/bin/env python3
"""Tests of the mapping from events to facts, and of the comparison of facts."""
import importlib.machinery
import importlib.util
import unittest
from pathlib import Path

import events_to_facts
import facts

RANDOM = "11" * 32


def event(dataset, observed, **top):
    """An event as perpass writes it with --privacy raw."""
    return {
        "event": {"dataset": f"perpass.{dataset}"},
        "source": {"ip": "192.0.2.1", "port": 40000},
        "destination": {"ip": "2001:db8::1", "port": 443},
        "perpass": {"packet": 7, "tls": {"transport": "tls", **observed}},
        **top,
    }


def facts_of(*events):
    return [facts.without_hints(fact) for fact in events_to_facts.facts_of(events)]


def cid_event(unified):
    return {**event("dtls.cid", {}), "perpass": {"dtls": {"cid": "aa", "unified_header": unified, "from": "client"}}}


class Mapping(unittest.TestCase):
    def test_client_hello(self):
        hello = event(
            "tls.client_hello",
            {
                "legacy_version": 0x0303,
                "random": RANDOM,
                "session_id": "",
                "ciphers": [0x1301, 0x0A0A],
                "compression": [0],
                "extensions": [43, 51, 65486, 41],
                "versions": [0x0304],
                "ticket": "0102",
                "psk_identities": ["6162", "63"],
                "psk_ages": [5, 0],
            },
            tls={"client": {"server_name": "example.org"}},
        )
        got = facts_of(hello)
        self.assertEqual([fact["kind"] for fact in got], ["tls.client_hello", "tls.psk_identity", "tls.psk_identity"])
        fact = got[0]
        self.assertEqual((fact["src"], fact["dst"]), ("192.0.2.1:40000", "[2001:db8::1]:443"))
        self.assertEqual((fact["version"], fact["versions"]), ("0x0303", ["0x0304"]))
        self.assertEqual((fact["ciphers"], fact["ciphers_n"]), (["0x1301", "0x0a0a"], 2))
        self.assertEqual((fact["sni"], fact["alpn"], fact["cid"]), ("example.org", [], None))
        self.assertEqual((fact["esni"], fact["ech"], fact["early_data"]), (True, False, False))
        self.assertEqual(fact["ticket_len"], 2)
        self.assertEqual((got[2]["index"], got[2]["identity_hex"], got[2]["obfuscated_ticket_age"]), (1, "63", 0))

    def test_quic(self):
        retry = {"type": "retry", "from": "server", "version_code": 1, "dcid": "", "scid": "aa", "token_len": 9}
        initial = {**retry, "type": "initial", "from": "client"}
        google = {**initial, "type": "google"}
        events = [{**event("quic.initial", {}), "perpass": {"quic": quic}} for quic in (retry, initial, google)]
        got = facts_of(*events)
        self.assertEqual([(fact["ptype"], fact["token_len"]) for fact in got], [("retry", 0), ("initial", 9)])
        self.assertEqual((got[0]["src"], got[0]["version"]), ("[2001:db8::1]:443", "0x00000001"))

    def test_dtls(self):
        got = facts_of(
            event("tls.hello_verify_request", {"version_code": 0xFEFF, "cookie": "0102"}),
            cid_event(False),
            cid_event(True),
        )
        self.assertEqual([fact["kind"] for fact in got], ["dtls.hello_verify", "dtls.cid_record"])
        self.assertEqual((got[0]["src"], got[0]["version"]), ("[2001:db8::1]:443", "0xfeff"))
        self.assertEqual((got[1]["src"], got[1]["cid"]), ("192.0.2.1:40000", "aa"))

    def test_empty_ticket_is_not_absent(self):
        fact = facts_of(event("tls.client_hello", {"ticket": ""}))[0]
        self.assertEqual((fact["ticket_len"], fact["ticket_sha256"]), (0, None))
        fact = facts_of(event("tls.client_hello", {}))[0]
        self.assertEqual((fact["ticket_len"], fact["ticket_sha256"]), (None, None))

    def test_ssl2_hellos(self):
        client = event("tls.client_hello", {"ssl2": True, "legacy_version": 2, "ssl2_ciphers": [0x010080]})
        server = event("tls.server_hello", {"ssl2": True, "legacy_version": 2, "ssl2_ciphers": [0x0700C0]})
        got = facts_of(client, server)
        self.assertEqual((got[0]["ciphers"], got[0]["ssl2"]), (["0x010080"], True))
        self.assertNotIn("random", got[0])
        self.assertEqual((got[1]["kind"], got[1]["ciphers"]), ("tls.ssl2_server_hello", ["0x0700c0"]))

    def test_server_hello_is_sent_by_the_destination(self):
        tls = {"legacy_version": 0x0303, "version_code": 0x0304, "random": RANDOM, "cipher_code": 0x1301}
        fact = facts_of(event("tls.server_hello", {**tls, "extensions": [43], "selected_psk": 0}))[0]
        self.assertEqual((fact["src"], fact["dst"]), ("[2001:db8::1]:443", "192.0.2.1:40000"))
        self.assertEqual((fact["selected_version"], fact["cipher"], fact["psk_index"]), ("0x0304", "0x1301", 0))
        fact = facts_of(event("tls.server_hello", {**tls, "version_code": 0x0303, "extensions": []}))[0]
        self.assertIsNone(fact["selected_version"])

    def test_key_exchanges(self):
        got = facts_of(
            event("tls.server_key_exchange", {"kx": "ECDHE", "group": 23}),
            event("tls.server_key_exchange", {"kx": "DHE", "dh_p": "ff" * 128}),
            event("tls.server_key_exchange", {"kx": "ECDHE_PSK", "group": 23, "psk_hint": ""}),
            event("tls.client_key_exchange", {"kx": "PSK", "psk_identity": "6162"}),
            event("tls.client_key_exchange", {"kx": "RSA"}),
        )
        self.assertEqual(
            [fact["kind"] for fact in got],
            ["tls.server_key_exchange", "tls.server_key_exchange", "tls.psk_hint", "tls.psk_identity"],
        )
        self.assertEqual((got[0]["named_curve"], got[0]["dh_p_bytes"]), ("0x0017", None))
        self.assertEqual((got[1]["named_curve"], got[1]["dh_p_bytes"]), (None, 128))
        self.assertEqual(got[2]["hint_hex"], "")
        self.assertEqual((got[3]["where"], got[3]["src"]), ("client_key_exchange", "192.0.2.1:40000"))

    def test_alert_has_its_sender(self):
        got = facts_of(
            event("tls.alert", {"alert": {"level": 2, "code": 40, "from": "server"}}),
            event("tls.alert", {"alert": {"level": 2, "code": 48, "from": "client"}}),
        )
        self.assertEqual([(fact["src"], fact["desc"]) for fact in got],
                         [("[2001:db8::1]:443", 40), ("192.0.2.1:40000", 48)])

    def test_starttls(self):
        """What was not asked for is no fact; TLS that follows is an answer; tunnels are none of the oracle's."""
        said = {"protocol": "pop3", "asked": True, "accepted": False, "upgraded": False}
        ends = {"kind": "starttls", "client": "192.0.2.1:40000", "server": "[2001:db8::1]:443"}
        for change, expected in (
            ({}, {"app": "pop", "accepted": False, "upgraded": False}),
            ({"accepted": True}, {"app": "pop", "accepted": True, "upgraded": False}),
            ({"protocol": "mysql", "accepted": None, "upgraded": True}, {"app": "mysql", "accepted": True, "upgraded": True}),
            ({"asked": False}, None),
            ({"protocol": "http-connect"}, None),
            ({"request": "auth gssapi"}, None),
        ):
            with self.subTest(change):
                seen = {key: value for key, value in {**said, **change}.items() if value is not None}
                got = facts_of({**event("starttls.session", {}), "perpass": {"starttls": seen}})
                self.assertEqual(got, [] if expected is None else [{**ends, **expected}])

    def test_tftp_request(self):
        request = {
            **event("tftp.request", {}),
            "perpass": {"tftp": {"op": "read", "file": "a.cfg", "mode": "octet",
                                 "asked": {"names": ["blksize", "TSIZE"], "values": ["1024", "0"]}}},
        }
        fact = facts_of(request)[0]
        self.assertEqual((fact["op"], fact["file"], fact["src"]), ("RRQ", "a.cfg", "192.0.2.1:40000"))
        self.assertEqual(fact["options"], {"blksize": "1024", "tsize": "0"})

    def test_tftp_transfer(self):
        transfer = {"op": "write", "file": "a.cfg", "mode": "octet", "request_seen": True, "complete": True,
                    "blocks": 2, "bytes": 600}
        ended = {**event("tftp.transfer", {}), "perpass": {"tftp": transfer, "content": {"sha256": "ab"}}}
        exported, fact = facts_of(ended)
        self.assertEqual((exported["kind"], exported["sha256"]), ("tftp.object", "ab"))
        self.assertEqual((fact["server"], fact["blocks"], fact["sha256"]), ("2001:db8::1", 2, "ab"))
        transfer["complete"] = False
        self.assertNotIn("sha256", facts_of(ended)[0])
        transfer["request_seen"] = False
        self.assertEqual(facts_of(ended), [])

    def test_other_events_are_no_facts(self):
        self.assertEqual(facts_of(event("finding", {}), {"event": {}}, {}), [])


def hello(**keys):
    return {"kind": "tls.server_hello", "proto": "tls", "src": "a", "dst": "b", "random": RANDOM, **keys}


    def dhcp_facts(self, name, **seen):
        dataset = "dhcp.message" if name == "dhcp" else "dhcp6.message"
        return facts_of({**event(dataset, {}), "perpass": {"packet": 7, name: seen}})

    def test_dhcp(self):
        """Parts of option 67 are one text; a reply comes from the server; fields that hold options have no text."""
        fact, options = self.dhcp_facts(
            "dhcp", op=2, type="offer", xid=1, in_dhcpv6=False, overload=1, file="no", client_mac="02-00-00-00-00-AF",
            options=[53, 67, 67], option_values=["02", "61", "6200"], bootfile="shown otherwise", your_address="192.0.2.9",
        )  # fmt: skip
        self.assertEqual((fact["kind"], fact["src"], fact["xid"]), ("dhcp", "[2001:db8::1]:443", "0x00000001"))
        self.assertEqual((fact["bootfile"], fact["file"], fact["sname"]), ("ab", None, ""))
        self.assertEqual((fact["client_mac"], fact["yiaddr"], fact["ciaddr"]),
                         ("02:00:00:00:00:af", "192.0.2.9", "0.0.0.0"))
        self.assertEqual(options["options"], [[53, "02"], [67, "61"], [67, "6200"]])
        self.assertEqual((options["kind"], options["packet"]), ("dhcp.options", 7))
        self.assertEqual(self.dhcp_facts("dhcp", op=1, type="discover", xid=1, in_dhcpv6=True), [])

    def test_dhcp6(self):
        relay, _ = self.dhcp_facts("dhcp6", type="relay-forw", to_server=True, depth=0, options=[18, 9],
                                   option_values=["aa", "bb"], link_address="::", peer_address="fe80::1")
        self.assertEqual((relay["interface_id_hex"], relay["remote_id_hex"], relay["relayed"]), ("aa", None, False))
        self.assertNotIn("xid", relay)
        reply, options = self.dhcp_facts("dhcp6", type="leasequery-reply", to_server=False, depth=1, xid=10, options=[1],
                                         option_values=["00"], client_duid={"id": "00"})
        self.assertEqual((reply["type"], reply["src"], reply["relayed"]), ("type-15", "[2001:db8::1]:443", True))
        self.assertEqual((reply["client_duid_hex"], options["xid"], options["depth"]), ("00", "0x00000a", 1))


class Comparing(unittest.TestCase):
    def counts(self, want, got):
        comparison = facts.compare(want, got)
        counts = comparison.kinds["tls.server_hello", "tls"]
        return tuple(counts[name] for name in ("agree", "differ", "missed", "extra")), comparison

    def test_only_stated_keys_count(self):
        self.assertEqual(self.counts([hello(cipher=1, cid="00")], [hello(cipher=1)])[0], (1, 0, 0, 0))

    def test_difference_names_the_key(self):
        counts, comparison = self.counts([hello(cipher=1, cid="")], [hello(cipher=2, cid="")])
        self.assertEqual(counts, (0, 1, 0, 0))
        self.assertEqual(comparison.disagreements, {("tls.server_hello", "!"): 1})
        self.assertEqual(comparison.keys["tls.server_hello", "cipher"]["unequal"], 1)
        self.assertEqual(comparison.keys["tls.server_hello", "random"]["equal"], 1)
        self.assertNotIn(("tls.server_hello", "cid"), comparison.keys)  # no side gives it a value
        self.assertEqual(len(comparison.lines), 1)

    def test_key_share_of_old_drafts_is_not_compared(self):
        want, got = hello(extensions=[40], key_share_group=None), hello(extensions=[40], key_share_group="0x001d")
        self.assertEqual(self.counts([want], [got])[0], (1, 0, 0, 0))
        want["extensions"] = got["extensions"] = [40, 51]
        self.assertEqual(self.counts([want], [got])[0], (0, 1, 0, 0))

    def test_group_address_stands_for_who_it_was_for(self):
        want, got = hello(src="a", dst="01:80:c2:00:00:03"), hello(src="a", dst="b")
        self.assertEqual(self.counts([want], [got])[0], (1, 0, 0, 0))
        self.assertEqual(self.counts([want], [hello(src="b", dst="a")])[0], (0, 0, 1, 1))

    def test_missed_and_extra(self):
        other = {**hello(), "random": "22" * 32}
        self.assertEqual(self.counts([hello()], [other])[0], (0, 0, 1, 1))
        self.assertEqual(self.counts([hello()], [])[0], (0, 0, 1, 0))

    def test_values_of_missed_facts_are_unequal(self):
        comparison = self.counts([hello(psk_index=0, cid=None)], [])[1]
        self.assertEqual(comparison.keys["tls.server_hello", "psk_index"], {"stated": 1, "unequal": 1})
        self.assertNotIn(("tls.server_hello", "cid"), comparison.keys)

    def test_no_fact(self):
        """No more facts are left out than somebody has looked at."""
        want = [{**hello(), "random": number * 32} for number in ("11", "22", "33")]
        comparison = facts.compare(want, [], {"tls.server_hello": 2})
        counts = comparison.kinds["tls.server_hello", "tls"]
        self.assertEqual((counts["missed"], counts["no_fact"]), (1, 2))
        self.assertEqual(comparison.disagreements, {("tls.server_hello", "-"): 1})
        self.assertEqual(comparison.keys["tls.server_hello", "random"]["unequal"], 1)

    def test_copies_count_once(self):
        want = [hello(_frames=[1]), hello(_frames=[2])]
        self.assertEqual(self.counts(want, [hello(_packet=1), hello(_packet=2)])[0], (1, 0, 0, 0))

    def test_same_identity_pairs_the_nearest(self):
        want = [hello(cipher=1, cid=1), hello(cipher=2, cid=2)]
        got = [hello(cipher=2, cid=3), hello(cipher=1, cid=1)]
        self.assertEqual(self.counts(want, got)[0], (1, 1, 0, 0))


def load_features():
    """The script "features", which has no ending."""
    path = Path(__file__).resolve().parent / "features"
    loader = importlib.machinery.SourceFileLoader("features", str(path))
    loader_spec = importlib.util.spec_from_loader("features", loader)
    module = importlib.util.module_from_spec(loader_spec)
    loader.exec_module(module)
    return module


class Features(unittest.TestCase):
    features = load_features()
    event = event("tls.alert", {"alert": {"code": 40, "from": "server"}, "ciphers": [1, 2], "ech": True})

    def wrong(self, claim, packet="7"):
        return list(self.features.perpass_wrong({"perpass": claim, "packet": packet}, [self.event]))

    def test_what_perpass_says(self):
        for claim in ("tls.alert: tls.alert.code = 40; tls.alert.from = server", "tls.alert: tls.ciphers has 2",
                      "tls.alert: tls.sni absent", "tls.alert: tls.ech = true", "tls.alert @7: tls.alert.code = 40",
                      "tls.alert @any: tls.alert.code = 40"):
            self.assertEqual(self.wrong(claim), [], claim)

    def test_what_perpass_does_not_say(self):
        for claim in ("tls.alert: tls.alert.code = 41", "tls.alert: tls.alert.from = client", "tls.alert @8: tls.ech = true",
                      "tls.alert: tls.ciphers has 3", "tls.alert: tls.ech absent", "tls.alert: tls.ech = 1",
                      "tls.client_hello: tls.ech = true", "tls.alert: tls.ech = true & tls.alert: tls.sni = a"):
            self.assertEqual(len(self.wrong(claim)), 1, claim)
        self.assertEqual(len(self.wrong("tls.alert: tls.ech = true", "8")), 1)
        self.assertEqual(self.wrong("tls.alert: tls.ech = true", ""), [])

    def test_what_tshark_says(self):
        answers = {1: {"tls.a": "1,2", "tls.b": ""}, 2: {"tls.a": "", "tls.b": "x"}}
        for cell, packet, right in (
            ("tls.a = 1,2", "1", True), ("tls.a has 2", "1", True), ("tls.a has 3", "1", False), ("tls.a = 1", "1", False),
            ("no answer: tls.b", "1", True), ("no answer: tls.b", "2", False), ("no answer: tls.b", "", False),
            ("tls.b = x", "", True), ("tls.a = 1,2; tls.b = x", "1", False), ("no answer", "1", True),
        ):
            row = {"tshark": cell, "packet": packet}
            self.assertEqual(not list(self.features.tshark_wrong(row, answers)), right, (cell, packet))

    def test_every_row_can_be_read(self):
        for row in self.features.read_rows():
            self.assertTrue(list(self.features.tshark_conditions(row)) or row["tshark"] == "no answer", row)
            for claim in row["perpass"].split(" & "):
                self.assertTrue(list(self.features.conditions(claim.split(": ", 1)[1])), row)
            self.assertTrue(row["witness"], row)


if __name__ == "__main__":
    unittest.main()
