"""The servers that perpass-probe is tried on, and what is true of each.

The truth comes from what a server was told, from its documentation, and from its log; never from the probe. It is
written in words of the server ("bound", "none", "115"); VERDICTS says which outcome of a check, and which value,
goes with such a word.
"""

import dataclasses

from servers import IDENTITY, KEY

CHECKS = (
    "reachable", "versions", "cookie", "amplification", "suites", "server-preference", "forward-secrecy",
    "identity-hint", "identity-oracle", "handshake", "extended-master-secret", "encrypt-then-mac",
    "renegotiation-info", "max-fragment-length", "connection-id", "record-size-limit", "heartbeat", "compression",
    "truncated-hmac", "resumption-id", "resumption-ticket", "renegotiation", "duplicate-flights", "reordered-flights",
    "fragmented-flights", "certificate-fallback", "alert-discipline", "coap-ping")


@dataclasses.dataclass
class Case:
    name: str
    kind: str  # of Bench.serve
    options: tuple = ()
    truth: dict = dataclasses.field(default_factory=dict)  # check: a word
    key: str = KEY
    beside: int = 0  # ports before the server's that it takes, too
    depth: tuple = ()  # options of the probe
    log: tuple = ()  # what the server's log has to say
    not_log: tuple = ()  # what it must not say


FULL = ("--full",)
ORACLE = ("--full", "--oracle")
EVERYTHING = ("--full", "--oracle", "--coap-ping")


def with_(base, **changes):
    return {**base, **{name.replace("_", "-"): word for name, word in changes.items()}}


# What a server does that keeps to the profile; cases name what differs.
GOOD = {
    "reachable": "yes", "versions": "1.2", "cookie": "bound", "amplification": "small", "forward-secrecy": "preferred",
    "server-preference": "server", "identity-hint": "none", "identity-oracle": "none", "handshake": "yes",
    "extended-master-secret": "yes", "encrypt-then-mac": "yes", "renegotiation-info": "yes",
    "max-fragment-length": "yes", "connection-id": "no", "record-size-limit": "no", "heartbeat": "no",
    "compression": "no", "truncated-hmac": "no", "resumption-id": "works", "resumption-ticket": "works",
    "renegotiation": "refused", "duplicate-flights": "yes", "reordered-flights": "yes", "fragmented-flights": "yes",
    "certificate-fallback": "none", "alert-discipline": "silent", "coap-ping": "no answer"}

# Every check on real servers, as they come.
REAL = [
    # Debian builds it without a floor: DTLS 1.0 is on. It takes any identity, and talks with one client at a time:
    # after a wrong key it waits for that one and hears no other. Renegotiation is tried last.
    Case("openssl s_server", "s_server", (),
         with_(GOOD, versions="1.0 1.2", server_preference="client", identity_oracle="busy", alert_discipline="busy",
               renegotiation="busy"), depth=EVERYTHING),
    # It sends no alerts, and goes along with renegotiation, as openssl s_client finds, too.
    Case("gnutls-serv", "gnutls_serv", (),
         with_(GOOD, versions="1.0 1.2", record_size_limit="bytes", server_preference="client",
               certificate_fallback="silent", renegotiation="done"), depth=EVERYTHING),
    # libcoap's list of suites is "TLSv1.3:TLSv1.2:!NULL": no CBC with PSK.
    Case("coap-server-openssl", "coap_openssl", (),
         with_(GOOD, identity_hint="CoAP", coap_ping="answers", server_preference="client", encrypt_then_mac="no CBC",
               truncated_hmac="no CBC"),
         key=KEY.encode().hex(), beside=1, depth=EVERYTHING),
    # Sessions have an id, and nothing that keeps them. It has no credentials for certificates, and says so in its log, not to the client.
    Case("coap-server-gnutls", "coap_gnutls", (),
         with_(GOOD, versions="1.0 1.2", identity_hint="CoAP", coap_ping="answers", record_size_limit="bytes",
               server_preference="client", resumption_id="given", resumption_ticket="no", certificate_fallback="silent"),
         key=KEY.encode().hex(), beside=1, depth=EVERYTHING),
    # mbed TLS 2.28 does not put fragments of a ClientHello together; openssl s_client -mtu 256 gets nowhere, either.
    Case("mbed TLS", "mbedtls", ("--tickets", "--sessions"),
         with_(GOOD, versions="1.0 1.2", fragmented_flights="no", identity_oracle="alert", alert_discipline="115"),
         depth=EVERYTHING),
    # One suite is on; HAVE_TRUNCATED_HMAC is, too; of fragments the same holds as for mbed TLS. A ChangeCipherSpec
    # before the ClientKeyExchange gets unexpected_message from it.
    Case("wolfSSL", "wolfssl", ("--hint", "boilers"),
         with_(GOOD, identity_hint="boilers", identity_oracle="retransmission", server_preference="one",
               truncated_hmac="yes", fragmented_flights="no", reordered_flights="no"),
         depth=EVERYTHING),
    Case("libssl", "openssl", ("--unknown", "alert"),
         with_(GOOD, identity_oracle="alert", alert_discipline="115", server_preference="client"), depth=EVERYTHING),
    Case("own, DTLS 1.2", "own12", ("suites=ecdhe-ccm8,ecdhe-cbc,ccm8,gcm,cbc", "tickets=random"),
         with_(GOOD, coap_ping="answers"), depth=EVERYTHING),
    Case("own, DTLS 1.3", "own13", (),
         {"reachable": "yes", "versions": "1.3", "handshake": "yes", "identity-oracle": "none", "coap-ping": "answers"},
         depth=EVERYTHING),
]

# Each verdict by a server that was made to fail it, and by one that passes: the same server, one thing changed.
BOTH_WAYS = [
    Case("versions: 1.0, too", "own12", ("versions=1.0,1.2",), {"versions": "1.0 1.2"}),
    Case("versions: 1.0 only", "openssl", ("--dtls1.0", "--suites", "kPSK:@SECLEVEL=0"), {"versions": "1.0 1.2"}),
    Case("versions: 1.2 only", "own12", (), {"versions": "1.2"}),
    Case("cookie: none", "own12", ("cookie=off",), {"cookie": "none"}, not_log=("asks for a cookie",)),
    Case("cookie: none (mbed TLS)", "mbedtls", ("--no-cookies",), {"cookie": "none"}),
    Case("cookie: none (GnuTLS)", "gnutls_serv", ("--nocookie",), {"cookie": "none"}),
    Case("cookie: none (libssl)", "openssl", ("--no-cookies",), {"cookie": "none"}, not_log=("asks for a cookie",)),
    Case("cookie: good for any address", "own12", ("cookie=unbound",), {"cookie": "unbound"}),
    Case("cookie: the same for all", "own12", ("cookie=constant",), {"cookie": "constant"}),
    Case("cookie: bound to the address", "own12", ("cookie=bound",), {"cookie": "bound"}, log=("asks for a cookie",)),
    Case("amplification: a long flight", "own12", ("cookie=off", "padding=1100"),
         {"cookie": "none", "amplification": "large"}),
    Case("amplification: a cookie", "own12", ("cookie=bound", "padding=1100"), {"amplification": "small"}),
    Case("suites: three", "own12", ("suites=ccm8,gcm,ecdhe-gcm",),
         {"suites": {"TLS_PSK_WITH_AES_128_CCM_8", "TLS_PSK_WITH_AES_128_GCM_SHA256",
                    "TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256"}}),
    Case("suites: one", "own12", ("suites=ccm8",), {"suites": {"TLS_PSK_WITH_AES_128_CCM_8"}, "server-preference": "one"}),
    Case("server-preference: client's", "own12", ("prefer=client", "suites=ccm8,gcm"), {"server-preference": "client"}),
    Case("server-preference: server's", "own12", ("prefer=server", "suites=ccm8,gcm"), {"server-preference": "server"}),
    Case("forward-secrecy: none", "own12", ("suites=ccm8,gcm",), {"forward-secrecy": "no"}),
    Case("forward-secrecy: not preferred", "own12", ("suites=ccm8,ecdhe-gcm",), {"forward-secrecy": "offered"}),
    Case("forward-secrecy: ECDHE_PSK", "own12", ("suites=ecdhe-gcm",), {"forward-secrecy": "preferred"}),
    Case("forward-secrecy: none (OpenSSL)", "s_server", ("-cipher", "kPSK"), {"forward-secrecy": "no"}),
    Case("forward-secrecy: none (GnuTLS)", "gnutls_serv", ("--priority", "NORMAL:-KX-ALL:+PSK"),
         {"forward-secrecy": "no"}),
    Case("identity-hint: sent", "own12", ("hint=plant-7",), {"identity-hint": "plant-7"}),
    Case("identity-hint: sent (OpenSSL)", "s_server", ("-psk_hint", "plant-7"), {"identity-hint": "plant-7"}),
    Case("identity-hint: sent (GnuTLS)", "gnutls_serv", ("--pskhint", "plant-7"), {"identity-hint": "plant-7"}),
    Case("identity-hint: none", "own12", ("hint=",), {"identity-hint": "none"}),
    Case("identity-oracle: alert 115", "own12", ("unknown=115", "suites=gcm"),
         {"identity-oracle": "alert", "alert-discipline": "115"}, depth=ORACLE, log=("alert 2 115",)),
    Case("identity-oracle: alert 51 and 20", "own12", ("unknown=51", "wrong=20", "suites=gcm"),
         {"identity-oracle": "alert"}, depth=ORACLE, log=("alert 2 51", "alert 2 20")),
    Case("identity-oracle: alert 51 for both", "own12", ("unknown=51", "wrong=51", "suites=gcm"),
         {"identity-oracle": "none", "alert-discipline": "51"}, depth=ORACLE, log=("alert 2 51",)),
    Case("identity-oracle: silence, and a flight again", "own12", ("unknown=silent", "suites=gcm"),
         {"identity-oracle": "retransmission"}, depth=ORACLE, log=("flight again",)),
    Case("identity-oracle: a random key", "own12", ("unknown=random", "suites=gcm"), {"identity-oracle": "none"},
         depth=ORACLE),
    Case("identity-oracle: time", "own12", ("unknown=51", "wrong=51", "unknown_delay=60", "suites=gcm"),
         {"identity-oracle": "time"}, depth=ORACLE),
    Case("identity-oracle: none (libssl, a random key)", "openssl", ("--unknown", "random", "--suites", "kPSK"),
         {"identity-oracle": "none"}, depth=ORACLE, log=("unknown",)),
    Case("identity-oracle: DTLS 1.3, alert 47 for both", "own13", ("unknown=47", "wrong=47"),
         {"identity-oracle": "none"}, depth=ORACLE, log=("unknown", "binder wrong")),
    Case("identity-oracle: DTLS 1.3, alert 115 and 51", "own13", ("unknown=115", "wrong=51"),
         {"identity-oracle": "alert"}, depth=ORACLE, log=("alert 2 115", "alert 2 51")),
    Case("identity-oracle: DTLS 1.3, silence", "own13", ("unknown=silent", "wrong=51"),
         {"identity-oracle": "silence"}, depth=ORACLE, log=("unknown", "alert 2 51")),
    Case("handshake: another key", "own12", ("key=00", "suites=gcm"), {"handshake": "no"}, depth=FULL,
         not_log=("handshake finished",)),
    Case("handshake: unknown identity", "own12", ("identity=device-2", "unknown=115", "suites=gcm"),
         {"handshake": "no"}, depth=FULL),
    Case("handshake: right", "own12", ("suites=gcm",), {"handshake": "yes"}, depth=FULL, log=("handshake finished",)),
    *(Case(f"handshake: {name}", "own12", (f"suites={name}",), {"handshake": "yes"}, depth=FULL,
           log=("handshake finished",))
      for name in ("ccm8", "ccm", "cbc", "chacha", "dhe-gcm", "dhe-ccm", "ecdhe-ccm8", "ecdhe-ccm", "ecdhe-gcm",
                   "ecdhe-cbc", "ecdhe-chacha")),
    Case("versions: 1.0 alone", "own12", ("versions=1.0", "suites=cbc"), {"versions": "1.0"}),
    Case("versions: 1.3, which asks for a cookie", "own13", (), {"versions": "1.3"}, log=("asks for a cookie",)),
    Case("versions: 1.3, which refuses who has no key", "own13", ("retry=no",), {"versions": "no word"},
         log=("no key on offer",)),
    *(Case(f"handshake: DTLS 1.3, {mode}, {suite}", "own13", (f"modes={mode}", f"suites={suite}"),
           {"versions": "1.3", "handshake": "yes", "forward-secrecy": "preferred" if mode == "dhe" else "no"}, depth=FULL,
           log=("handshake finished",))
      for mode in ("dhe", "ke") for suite in ("1301", "1303", "1304", "1305")),
    Case("handshake: DTLS 1.3, a group that the client has no share of", "own13", ("groups=p256", "modes=dhe"),
         {"versions": "1.3", "handshake": "yes", "forward-secrecy": "preferred"}, depth=FULL,
         log=("handshake finished",)),
    Case("handshake: DTLS 1.3, no cookie", "own13", ("retry=no",), {"handshake": "yes"}, depth=FULL,
         log=("handshake finished",)),
    Case("handshake: DTLS 1.3, another key", "own13", ("key=00",), {"versions": "1.3", "handshake": "no"}, depth=FULL,
         log=("binder wrong",)),
    Case("extended-master-secret: no", "own12", ("ems=no",), {"extended-master-secret": "no"}),
    Case("extended-master-secret: no (libssl)", "openssl", ("--no-ems",), {"extended-master-secret": "no"}),
    Case("extended-master-secret: no (mbed TLS)", "mbedtls", ("--no-ems",), {"extended-master-secret": "no"}),
    Case("extended-master-secret: yes", "own12", ("ems=yes",), {"extended-master-secret": "yes"}, log=("granted",)),
    Case("extended-master-secret: yes, with a session", "own12", ("ems=yes", "suites=gcm"),
         {"extended-master-secret": "yes", "handshake": "yes"}, depth=FULL),
    Case("extended-master-secret: no, with a session", "own12", ("ems=no", "suites=gcm"),
         {"extended-master-secret": "no", "handshake": "yes"}, depth=FULL),
    Case("encrypt-then-mac: no", "own12", ("etm=no", "suites=cbc"), {"encrypt-then-mac": "no", "handshake": "yes"},
         depth=FULL),
    Case("encrypt-then-mac: no (libssl)", "openssl", ("--no-etm",), {"encrypt-then-mac": "no"}),
    Case("encrypt-then-mac: no (mbed TLS)", "mbedtls", ("--no-etm",), {"encrypt-then-mac": "no"}),
    Case("encrypt-then-mac: yes", "own12", ("etm=yes", "suites=cbc"), {"encrypt-then-mac": "yes", "handshake": "yes"},
         depth=FULL),
    Case("encrypt-then-mac: no CBC suite", "own12", ("suites=gcm",), {"encrypt-then-mac": "no CBC"}),
    Case("renegotiation-info: no", "own12", ("reneg_info=no",), {"renegotiation-info": "no"}),
    Case("renegotiation-info: yes", "own12", (), {"renegotiation-info": "yes"}),
    Case("max-fragment-length: no", "own12", ("mfl=no",), {"max-fragment-length": "no"}),
    Case("max-fragment-length: yes", "own12", ("mfl=yes",), {"max-fragment-length": "yes"}),
    Case("connection-id: no", "own12", (), {"connection-id": "no"}),
    Case("connection-id: 6 bytes", "own12", ("cid=6",), {"connection-id": "6"}),
    Case("connection-id: used", "own12", ("cid=8", "suites=ccm8"), {"connection-id": "8", "handshake": "yes"},
         depth=FULL),
    Case("record-size-limit: no", "own12", (), {"record-size-limit": "no"}),
    Case("record-size-limit: 1024", "own12", ("record_size=1024",), {"record-size-limit": "1024"}),
    Case("heartbeat: yes", "own12", ("heartbeat=yes",), {"heartbeat": "yes"}),
    Case("heartbeat: no", "own12", (), {"heartbeat": "no"}),
    Case("compression: DEFLATE", "own12", ("compression=1",), {"compression": "yes"}),
    Case("compression: none", "own12", (), {"compression": "no"}),
    Case("truncated-hmac: yes", "own12", ("truncated_hmac=yes", "suites=cbc"), {"truncated-hmac": "yes"}),
    Case("truncated-hmac: yes (mbed TLS)", "mbedtls", ("--truncated-hmac",), {"truncated-hmac": "yes"}),
    Case("truncated-hmac: no", "own12", ("suites=cbc",), {"truncated-hmac": "no"}),
    Case("resumption-id: works", "own12", ("suites=gcm",), {"resumption-id": "works"}, depth=FULL,
         log=("resumes by session id",)),
    Case("resumption-id: no", "own12", ("suites=gcm", "sessions=no"), {"resumption-id": "no"}, depth=FULL,
         not_log=("resumes by session id",)),
    Case("resumption-id: no (libssl)", "openssl", ("--no-sessions", "--no-tickets", "--suites", "kPSK"),
         {"resumption-id": "no", "resumption-ticket": "no"}, depth=FULL, not_log=("resumed",)),
    Case("resumption-id: works (mbed TLS)", "mbedtls", ("--sessions", "--suite", "TLS-PSK-WITH-AES-128-CCM-8"),
         {"resumption-id": "works", "resumption-ticket": "no"}, depth=FULL),
    Case("resumption-ticket: one key", "own12", ("suites=gcm,ccm8", "tickets=fixed"),
         {"resumption-ticket": "one key"}, depth=FULL, log=("resumes by ticket",)),
    Case("resumption-ticket: 77 seconds", "own12", ("suites=gcm", "tickets=fixed", "lifetime=77"),
         {"resumption-ticket": "77"}, depth=FULL, log=("resumes by ticket",)),
    Case("resumption-ticket: 8 days", "own12", ("suites=gcm", "tickets=fixed", "lifetime=691200"),
         {"resumption-ticket": "8 days"}, depth=FULL, log=("resumes by ticket",)),
    Case("resumption-ticket: no key name", "own12", ("suites=gcm", "tickets=random"), {"resumption-ticket": "works"},
         depth=FULL, log=("resumes by ticket",)),
    Case("resumption-ticket: no", "own12", ("suites=gcm", "tickets=off"), {"resumption-ticket": "no"}, depth=FULL),
    Case("renegotiation: refused", "own12", ("suites=gcm",), {"renegotiation": "refused"}, depth=FULL,
         log=("wants to renegotiate",)),
    Case("renegotiation: done", "own12", ("suites=gcm", "renegotiation=accept"), {"renegotiation": "done"}, depth=FULL,
         log=("wants to renegotiate",)),
    Case("renegotiation: refused (openssl s_server)", "s_server", (), {"renegotiation": "refused"}, depth=FULL),
    Case("renegotiation: done (libssl)", "openssl", ("--renegotiation", "--suites", "kPSK"), {"renegotiation": "done"},
         depth=FULL),
    Case("renegotiation: done (mbed TLS)", "mbedtls", ("--renegotiation", "--suite", "TLS-PSK-WITH-AES-128-CCM-8"),
         {"renegotiation": "done"}, depth=FULL),
    Case("renegotiation: ends the session", "own12", ("suites=gcm", "renegotiation=fatal"),
         {"renegotiation": "refused"}, depth=FULL, log=("wants to renegotiate",)),
    Case("fragmented-flights: no", "own12", ("fragmented=no",), {"fragmented-flights": "no"}),
    Case("fragmented-flights: yes", "own12", (), {"fragmented-flights": "yes"}),
    Case("certificate-fallback: yes", "own12", ("certificate=yes",), {"certificate-fallback": "yes"}),
    Case("certificate-fallback: yes (mbed TLS)", "mbedtls_cert", (), {"certificate-fallback": "yes"}),
    Case("certificate-fallback: a raw public key (GnuTLS)", "gnutls_serv_raw", (), {"certificate-fallback": "raw"}),
    Case("certificate-fallback: none", "own12", (), {"certificate-fallback": "none"}),
    Case("alert-discipline: 40", "own12", (), {"alert-discipline": "40"}),
    Case("alert-discipline: 71", "own12", ("no_common=71",), {"alert-discipline": "71"}),
    Case("alert-discipline: silence", "own12", ("no_common=silent",), {"alert-discipline": "silent"}),
    Case("coap-ping: answers", "own12", ("suites=gcm",), {"coap-ping": "answers"}, depth=(*FULL, "--coap-ping")),
    Case("coap-ping: no answer", "own12", ("suites=gcm", "coap=no"), {"coap-ping": "no answer"},
         depth=(*FULL, "--coap-ping")),
]

# Answers that are none: what is said of "reachable", and in what time.
MISCHIEF = {
    "silence": "no answer", "garbage": "no DTLS", "echo": "no DTLS", "text": "no DTLS", "truncated": "no DTLS",
    "lengths": "no DTLS", "flood": "flood", "cookies": "yes", "hello-loop": "yes", "alert-40": "yes", "alert-80": "yes",
    "alert-70": "yes", "warning": "yes", "huge-hint": "yes", "other-port": "no answer", "version": "yes",
    "suite": "yes"}

# A word of the truth: the outcome that it makes, and what the value and the reason have to say (regular expressions).
# A word that is not here has to be in the value, and makes the outcome under "*".
VERDICTS = {
    "reachable": {"yes": ("pass", "", ""), "no answer": ("fail", "", "silence"),
                  "unreachable": ("fail", "", "unreachable"), "no DTLS": ("fail", "", "no DTLS"),
                  "flood": ("fail|pass", "", "")},
    "versions": {"1.2": ("pass", "^1.2$", ""), "1.3": ("pass", "^1.3$", ""), "1.0": ("fail", "^1.0$", ""),
                 "no word": ("unknown", "^$", "refuses"),
                 "1.0 1.2": ("fail", "^1.0, 1.2$", "")},
    "cookie": {"bound": ("pass", "required", "address"), "none": ("fail", "not required", ""),
               "unbound": ("fail", "required", "another address"), "constant": ("fail", "the same", "another address")},
    "amplification": {"small": ("pass", "", ""), "large": ("fail", "", "three times")},
    "server-preference": {"server": ("info", "server", ""), "client": ("info", "client", ""),
                          "one": ("not_applicable", "", "one suite")},
    "forward-secrecy": {"preferred": ("pass", "yes", ""), "offered": ("info", "not preferred", ""),
                        "no": ("fail", "no", "")},
    "identity-hint": {"none": ("pass", "none", ""), "*": ("fail", "", "hint")},
    "extended-master-secret": {"yes": ("pass", "yes", ""), "no": ("fail", "no", "")},
    "encrypt-then-mac": {"yes": ("pass", "yes", ""), "no": ("fail", "no", ""),
                         "no CBC": ("not_applicable", "", "CBC")},
    "renegotiation-info": {"yes": ("pass", "yes", ""), "no": ("fail", "no", "")},
    "max-fragment-length": {"yes": ("pass", "yes", ""), "no": ("info", "no", "")},
    "connection-id": {"no": ("info", "no", ""), "*": ("info", "bytes", "")},
    "record-size-limit": {"no": ("info", "no", ""), "*": ("info", "bytes", "")},
    "heartbeat": {"yes": ("info", "yes", ""), "no": ("info", "no", "")},
    "compression": {"yes": ("fail", "DEFLATE", ""), "no": ("pass", "none", "")},
    "truncated-hmac": {"yes": ("fail", "yes", ""), "no": ("pass", "no", ""), "no CBC": ("not_applicable", "", "CBC")},
    "duplicate-flights": {"yes": ("pass", "", ""), "no": ("fail", "", "")},
    "fragmented-flights": {"yes": ("pass", "", ""), "no": ("fail", "", "")},
    "certificate-fallback": {"yes": ("info", "certificate", ""), "none": ("info", "none", ""),
                             "raw": ("info", "^raw public key$", ""),
                             "silent": ("info|unknown", "", "silence")},
    "alert-discipline": {"40": ("pass", "alert 40", ""), "71": ("pass", "alert 71", ""), "51": ("pass", "alert 51", ""),
                         "115": ("fail", "alert 115", ""), "silent": ("info", "silence", ""), "busy": ("pass|info", "alert 40|silence", "")},
    "identity-oracle": {"silence": ("fail", "unknown identity: silence; wrong key: alert", ""),
                        "none": ("pass", "", "cannot be told apart"), "alert": ("fail", "alert", ""),
                        "busy": ("pass|unknown", "", ""), "retransmission": ("fail", "repeated", ""), "time": ("fail", "p = 0.0", "time")},
    "handshake": {"yes": ("pass", "accepted", ""), "no": ("fail", "", "")},
    "resumption-id": {"works": ("info", "^works", ""), "no": ("info", "^no$", ""),
                      "given": ("info", "^(no|does not work)$", "whole handshake")},
    "resumption-ticket": {"works": ("info", "^works", ""), "one key": ("info", "^works.*name stays", ""),
                          "77": ("info", "^works, lifetime 77 s", ""), "no": ("info", "^no$", ""),
                          "8 days": ("fail", "^works", "7 days")},
    "renegotiation": {"refused": ("pass", "", ""), "done": ("fail", "accepted", ""), "busy": ("pass|unknown", "", "")},
    "reordered-flights": {"yes": ("pass", "", ""), "no": ("fail", "", "")},
    "coap-ping": {"answers": ("pass", "reset", ""), "no answer": ("fail", "", "")},
}
