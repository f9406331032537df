"""Maps events of perpass (NDJSON, --observations --privacy raw) to the facts that the oracle states.

A fact is a dict with "kind" and the keys of the oracle's schema. Only keys that perpass observes are there;
what an event leaves out is, as in the schema, null, an empty list or false.
"""
import hashlib

ESNI_EXTENSION = 0xFFCE
SUPPORTED_VERSIONS_EXTENSION = 43


def get(event, path, default=None):
    """The value at a dotted path, whether the event nests its objects or writes dotted keys."""
    if isinstance(event, dict):
        if path in event:
            return event[path]
        head = ""
        for part in path.split(".")[:-1]:
            head = f"{head}.{part}" if head else part
            if isinstance(event.get(head), dict):
                return get(event[head], path[len(head) + 1 :], default)
    return default


def code(value):
    """A code point as a number; events write numbers, or hexadecimal text where there is no name."""
    return int(value, 0) if isinstance(value, str) else value


def hex4(value):
    return None if value is None else f"0x{code(value):04x}"


def hex_list(values, width=4):
    return [f"0x{code(value):0{width}x}" for value in values or []]


def numbers(values):
    return [code(value) for value in values or []]


def end(event, name):
    """ADDR:PORT of "source" or "destination"."""
    address, port = get(event, f"{name}.ip"), get(event, f"{name}.port")
    if address is None:
        address = get(event, f"{name}.mac") or get(event, f"{name}.address")
        return address and address.replace("-", ":").lower()
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def ends(event, sender):
    """The keys src and dst: the sender first. In events the client is the source."""
    client, server = end(event, "source"), end(event, "destination")
    return {"src": client, "dst": server} if sender == "client" else {"src": server, "dst": client}


def tls(event, name, default=None):
    return get(event, f"perpass.tls.{name}", default)


def base(event, kind, sender):
    return {"kind": kind, "proto": tls(event, "transport"), **ends(event, sender)}


def ticket_keys(event):
    ticket = tls(event, "ticket")
    if ticket is None:
        return {"ticket_len": None, "ticket_sha256": None}
    data = bytes.fromhex(ticket)
    return {"ticket_len": len(data), "ticket_sha256": hashlib.sha256(data).hexdigest() if data else None}


def ssl2_client_hello(event):
    ciphers = hex_list(tls(event, "ssl2_ciphers"), 6)
    yield {
        **base(event, "tls.client_hello", "client"),
        "ssl2": True,
        "version": hex4(tls(event, "legacy_version")),
        "ciphers": ciphers,
        "ciphers_n": len(ciphers),
        "session_id": tls(event, "session_id", ""),
    }


def client_hello(event):
    if tls(event, "ssl2"):
        yield from ssl2_client_hello(event)
        return
    ciphers = hex_list(tls(event, "ciphers"))
    extensions = numbers(tls(event, "extensions"))
    fact = {
        **base(event, "tls.client_hello", "client"),
        "version": hex4(tls(event, "legacy_version")),
        "versions": hex_list(tls(event, "versions")),
        "random": tls(event, "random"),
        "session_id": tls(event, "session_id", ""),
        "ciphers": ciphers,
        "ciphers_n": len(ciphers),
        "compression": numbers(tls(event, "compression")),
        "extensions": extensions,
        "sni": get(event, "tls.client.server_name"),
        "alpn": tls(event, "alpn", []),
        "groups": hex_list(tls(event, "groups")),
        "key_share_groups": hex_list(tls(event, "key_share_groups")),
        "sig_algs": hex_list(tls(event, "signature_schemes")),
        "point_formats": numbers(tls(event, "point_formats")),
        "psk_modes": numbers(tls(event, "psk_modes")),
        **ticket_keys(event),
        "cid": tls(event, "connection_id"),
        "ech": tls(event, "ech", False),
        "esni": ESNI_EXTENSION in extensions,
        "early_data": tls(event, "early_data", False),
        "ja3": get(event, "tls.client.ja3"),
    }
    if fact["proto"] == "dtls":
        fact["cookie"] = tls(event, "cookie", "")
    yield fact
    ages = tls(event, "psk_ages", [])
    for index, identity in enumerate(tls(event, "psk_identities", [])):
        yield {
            **base(event, "tls.psk_identity", "client"),
            "where": "client_hello",
            "identity_hex": identity,
            "index": index,
            "obfuscated_ticket_age": ages[index] if index < len(ages) else None,
        }


def server_hello(event):
    if tls(event, "ssl2"):
        yield {
            **base(event, "tls.ssl2_server_hello", "server"),
            "version": hex4(tls(event, "legacy_version")),
            "ciphers": hex_list(tls(event, "ssl2_ciphers"), 6),
        }
        return
    extensions = numbers(tls(event, "extensions"))
    selected = tls(event, "version_code") if SUPPORTED_VERSIONS_EXTENSION in extensions else None
    yield {
        **base(event, "tls.server_hello", "server"),
        "version": hex4(tls(event, "legacy_version")),
        "selected_version": hex4(selected),
        "random": tls(event, "random"),
        "session_id": tls(event, "session_id", ""),
        "cipher": hex4(tls(event, "cipher_code")),
        "compression": tls(event, "compression_code"),
        "extensions": extensions,
        "alpn": tls(event, "alpn", []),
        "key_share_group": hex4(tls(event, "key_share_group")),
        "psk_index": tls(event, "selected_psk"),
        "cid": tls(event, "connection_id"),
        "hrr": tls(event, "hello_retry", False),
        "ja3s": get(event, "tls.server.ja3s"),
    }


def server_key_exchange(event):
    """The oracle states parameters for suites without PSK only, and a hint for every PSK suite."""
    if "PSK" in tls(event, "kx", ""):
        if tls(event, "psk_hint") is not None:
            yield {**base(event, "tls.psk_hint", "server"), "hint_hex": tls(event, "psk_hint")}
        return
    group, prime = tls(event, "group"), tls(event, "dh_p")
    if group is not None or prime is not None:
        yield {
            **base(event, "tls.server_key_exchange", "server"),
            "named_curve": hex4(group),
            "dh_p_bytes": None if prime is None else len(prime) // 2,
        }


def client_key_exchange(event):
    if tls(event, "psk_identity") is not None:
        yield {
            **base(event, "tls.psk_identity", "client"),
            "where": "client_key_exchange",
            "identity_hex": tls(event, "psk_identity"),
            "index": 0,
            "obfuscated_ticket_age": None,
        }


def alert(event):
    yield {
        **base(event, "tls.alert", tls(event, "alert.from")),
        "level": tls(event, "alert.level"),
        "desc": tls(event, "alert.code"),
    }


def hello_verify(event):
    """The oracle states no proto: there is only one."""
    yield {
        "kind": "dtls.hello_verify",
        **ends(event, "server"),
        "version": hex4(tls(event, "version_code")),
        "cookie": tls(event, "cookie"),
    }


def cid_record(event):
    """The oracle knows the connection ids of tls12_cid records only."""
    dtls = get(event, "perpass.dtls")
    if not dtls["unified_header"]:
        yield {"kind": "dtls.cid_record", **ends(event, dtls["from"]), "cid": dtls["cid"]}


def certificate(event):
    sender = tls(event, "certificate.from")
    if tls(event, "certificate.type") == "x509":
        yield {
            **base(event, "tls.certificate", sender),
            "side": sender,
            "index": tls(event, "certificate.index"),
            "der_len": tls(event, "certificate.der_len"),
            "der_sha256": tls(event, "certificate.sha256", "").lower(),
            "serial": tls(event, "certificate.serial"),
            "subject_cn": tls(event, "certificate.subject_cn"),
            "issuer_cn": tls(event, "certificate.issuer_cn"),
            "san_dns": tls(event, "certificate.san_dns", []),
        }


def certificate_message(event):
    sender = tls(event, "certificates.from")
    if tls(event, "certificates.count") == 0:
        yield {**base(event, "tls.certificate_empty", sender), "side": sender}


def certificate_request(event):
    yield {
        **base(event, "tls.certificate_request", "server"),
        "cert_types": numbers(tls(event, "certificate_request.types")),
        "dnames_n": tls(event, "certificate_request.authorities_count"),
    }


def new_session_ticket(event):
    ticket = bytes.fromhex(tls(event, "new_session_ticket.ticket", ""))
    yield {
        **base(event, "tls.new_session_ticket", "server"),
        "lifetime": tls(event, "new_session_ticket.lifetime"),
        "ticket_len": tls(event, "new_session_ticket.len"),
        "ticket_sha256": hashlib.sha256(ticket).hexdigest(),
    }


def long_header(event):
    """Google's own protocol is no fact of the oracle's."""
    quic = get(event, "perpass.quic")
    if quic["type"] != "google":
        yield {
            "kind": "quic.long",
            **ends(event, quic["from"]),
            "ptype": quic["type"],
            "version": f"0x{quic['version_code']:08x}",
            "dcid": quic["dcid"],
            "scid": quic["scid"],
            "token_len": quic.get("token_len", 0) if quic["type"] == "initial" else 0,
        }


STARTTLS_NAMES = {
    "smtp": "smtp",
    "imap": "imap",
    "pop3": "pop",
    "ftp": "ftp",
    "xmpp": "xmpp",
    "ldap": "ldap",
    "irc": "irc",
    "nntp": "nntp",
    "postgresql": "pgsql",
    "mysql": "mysql",
    "rdp": "rdp",
}


def starttls(event):
    """The oracle states nothing of tunnels, nor where TLS was not asked for; that TLS follows is an answer."""
    said = get(event, "perpass.starttls")
    upgraded = said["upgraded"]
    name = STARTTLS_NAMES.get(said["protocol"])
    if name is None or said.get("request") == "auth gssapi" or not (said.get("asked") or upgraded):
        return
    client, server = end(event, "source"), end(event, "destination")
    accepted = said.get("accepted", True if upgraded else None)
    yield {
        "kind": "starttls",
        "app": name,
        "client": client,
        "server": server,
        "accepted": accepted,
        "upgraded": upgraded,
    }


TFTP_OPS = {"read": "RRQ", "write": "WRQ"}


def tftp(event, name, default=None):
    return get(event, f"perpass.tftp.{name}", default)


def tftp_request(event):
    """The oracle keeps one value for each name of an option: the last."""
    names = [name.lower() for name in tftp(event, "asked.names", [])]
    yield {
        "kind": "tftp.request",
        **ends(event, "client"),
        "op": TFTP_OPS[tftp(event, "op")],
        "file": tftp(event, "file"),
        "mode": tftp(event, "mode"),
        "options": dict(zip(names, tftp(event, "asked.values", []))),
    }


def tftp_transfer(event):
    """The oracle knows transfers whose request it saw, and of these the first blocks in order: of incomplete ones
    no more is compared than that they are."""
    if not tftp(event, "request_seen") or not tftp(event, "blocks"):
        return
    fact = {
        "kind": "tftp.transfer",
        "client": end(event, "source"),
        "server": get(event, "destination.ip"),
        "op": TFTP_OPS[tftp(event, "op")],
        "file": tftp(event, "file"),
        "mode": tftp(event, "mode"),
        "complete": tftp(event, "complete"),
    }
    sha256 = get(event, "perpass.content.sha256")
    if fact["complete"]:
        fact.update(blocks=tftp(event, "blocks"), bytes=tftp(event, "bytes"), sha256=sha256)
        yield {"kind": "tftp.object", "sha256": sha256}
    yield fact


RELAYS = {"relay-forw": 12, "relay-repl": 13}


def option(observed, number):
    """The whole value of an option, in hexadecimal: parts put together, those of one number in order."""
    values = [
        value
        for code_, value in zip(numbers(observed.get("options")), observed.get("option_values", []))
        if code_ == number
    ]
    return "".join(values) if values else None


def option_text(value):
    """The whole text, as the oracle has it: perpass's own fields end at a NUL, and leave credentials out."""
    return None if value is None else bytes.fromhex(value).rstrip(b"\0").decode("utf-8", "backslashreplace")


def options_fact(event, observed, kind, **keys):
    """Every option of a message; dhcp_options.py has those of tshark."""
    options = [list(pair) for pair in zip(numbers(observed.get("options")), observed.get("option_values", []))]
    return {"kind": kind, "packet": get(event, "perpass.packet"), **keys, "options": options}


def mac_of(value):
    return None if value is None else value.lower().replace("-", ":")


DHCP6_TYPES = {  # that the oracle states as numbers
    "leasequery": 14, "leasequery-reply": 15, "leasequery-done": 16, "leasequery-data": 17,
    "reconfigure-request": 18, "reconfigure-reply": 19, "dhcpv4-query": 20, "dhcpv4-response": 21,
    "addr-reg-inform": 36, "addr-reg-reply": 37,
}  # fmt: skip


def type_of(observed, unnamed=()):
    """Types that nobody registered, or that the oracle has no name for, are numbers."""
    kind = observed.get("type")
    if kind in unnamed:
        return f"type-{unnamed[kind]}"
    return kind if isinstance(kind, str) and not kind[0].isdigit() else f"type-{code(kind)}"


def dhcp(event):
    """The oracle has no name for the file while options are in its field."""
    seen = get(event, "perpass.dhcp")
    if seen["in_dhcpv6"]:
        return
    overload = seen.get("overload", 0)
    requested = option(seen, 55)
    xid = f"0x{seen['xid']:08x}"
    yield {
        "kind": "dhcp",
        **ends(event, "client" if seen["op"] == 1 else "server"),
        "op": seen["op"],
        "type": type_of(seen),
        "xid": xid,
        "client_mac": mac_of(seen.get("client_mac")),
        "ciaddr": seen.get("client_address", "0.0.0.0"),
        "yiaddr": seen.get("your_address", "0.0.0.0"),
        "siaddr": seen.get("next_server", "0.0.0.0"),
        "giaddr": seen.get("relay", "0.0.0.0"),
        "sname": None if overload & 2 else seen.get("sname", ""),
        "file": None if overload & 1 else seen.get("file", ""),
        "options": numbers(seen.get("options")),
        "param_request": None if requested is None else list(bytes.fromhex(requested)),
        "hostname": seen.get("hostname"),
        "vendor_class": seen.get("vendor_class"),
        "client_id_hex": seen.get("client_id"),
        "user_class_hex": seen.get("user_class"),
        "vendor_opts_hex": seen.get("vendor_options"),
        "requested_ip": seen.get("requested_address"),
        "server_id": seen.get("server_id"),
        "tftp_server": option_text(option(seen, 66)),
        "bootfile": option_text(option(seen, 67)),
        "tftp_servers": seen.get("tftp_servers"),
        "fqdn_hex": option(seen, 81),
    }
    yield options_fact(
        event, seen, "dhcp.options", op=seen["op"], xid=xid, client_mac=mac_of(seen.get("client_mac"))
    )


def first_option(observed, number):
    codes = numbers(observed.get("options"))
    return observed["option_values"][codes.index(number)] if number in codes else None


def dhcp6(event):
    seen = get(event, "perpass.dhcp6")
    relays = seen.get("type") in RELAYS
    fact = {
        "kind": "dhcpv6",
        **ends(event, "client" if seen.get("to_server", True) else "server"),
        "type": type_of(seen, DHCP6_TYPES),
        "options": numbers(seen.get("options")),
        "relayed": seen["depth"] > 0,
    }
    xid = None if relays or "xid" not in seen else f"0x{seen['xid']:06x}"
    if relays:
        fact.update(
            link=seen.get("link_address"),
            peer=seen.get("peer_address"),
            interface_id_hex=first_option(seen, 18),
            remote_id_hex=first_option(seen, 37),
        )
    else:
        fact.update(
            xid=xid,
            client_duid_hex=get(seen, "client_duid.id"),
            server_duid_hex=get(seen, "server_duid.id"),
            option_request=numbers(seen["option_request"]) if "option_request" in seen else None,
            boot_url=seen.get("bootfile_url"),
            boot_params_hex=first_option(seen, 60),
            vendor_class_hex=first_option(seen, 16),
            user_class_hex=first_option(seen, 15),
            fqdn_hex=first_option(seen, 39),
        )
    yield fact
    yield options_fact(event, seen, "dhcpv6.options", depth=seen["depth"], xid=xid)


MAPPERS = {
    "perpass.dhcp.message": dhcp,
    "perpass.dhcp6.message": dhcp6,
    "perpass.starttls.session": starttls,
    "perpass.quic.initial": long_header,
    "perpass.tls.client_hello": client_hello,
    "perpass.tls.server_hello": server_hello,
    "perpass.tls.server_key_exchange": server_key_exchange,
    "perpass.tls.client_key_exchange": client_key_exchange,
    "perpass.tls.alert": alert,
    "perpass.tls.certificate": certificate,
    "perpass.tls.certificate_message": certificate_message,
    "perpass.tls.certificate_request": certificate_request,
    "perpass.tls.new_session_ticket": new_session_ticket,
    "perpass.tls.hello_verify_request": hello_verify,
    "perpass.dtls.cid": cid_record,
    "perpass.tftp.request": tftp_request,
    "perpass.tftp.transfer": tftp_transfer,
}
KINDS = {
    "tls.client_hello": "client hello",
    "tls.server_hello": "server hello",
    "tls.ssl2_server_hello": "SSL 2 server hello",
    "tls.psk_identity": "PSK identity",
    "tls.psk_hint": "PSK hint",
    "tls.server_key_exchange": "server key exchange",
    "tls.certificate": "certificate",
    "tls.certificate_empty": "empty certificate",
    "tls.certificate_request": "certificate request",
    "tls.new_session_ticket": "session ticket",
    "tls.resumption": "resumption",
    "tls.alert": "alert",
    "dtls.hello_verify": "hello verify request",
    "dtls.cid_record": "connection id record",
    "quic.long": "long header",
    "starttls": "upgrade to TLS",
    "dhcp": "DHCP message",
    "dhcp.options": "every option of DHCP",
    "dhcpv6": "DHCPv6 message",
    "dhcpv6.options": "every option of DHCPv6",
    "tftp.request": "TFTP request",
    "tftp.transfer": "TFTP transfer",
    "tftp.object": "file exported by tshark",
}


class Resumptions:
    """What the verdict on a handshake says, with the session id and ticket of the client hello before it.

    The oracle calls every selected PSK a resumption, an external one, too; here that is told from the verdict's
    kind of PSK, so that the comparison is about what both look at.
    """

    def __init__(self):
        self.hellos = {}

    def facts_of(self, event):
        dataset = get(event, "event.dataset")
        if dataset == "perpass.tls.client_hello":
            self.hellos[self.key(event)] = tls(event, "session_id"), ticket_keys(event)["ticket_sha256"]
        elif dataset == "perpass.tls.handshake_summary":
            yield from self.resumption(event)

    def key(self, event):
        return end(event, "source"), end(event, "destination"), tls(event, "transport")

    def resumption(self, event):
        how = tls(event, "handshake.resumed_by")
        if how is None and get(event, "tls.version") == "1.3" and tls(event, "handshake.psk", "none") != "none":
            how = "psk"
        if how is None:
            return
        session_id, ticket = self.hellos.get(self.key(event), (None, None))
        client, server, transport = self.key(event)
        yield {
            "kind": "tls.resumption",
            "proto": transport,
            "client": client,
            "server": server,
            "how": how,
            "session_id": session_id if how != "psk" else None,
            "ticket_sha256": ticket if how == "ticket" else None,
        }


def facts_of(events):
    """All facts of an iterable of events (dicts), with the packet number as the hint _packet."""
    resumptions = Resumptions()
    for event in events:
        for fact in resumptions.facts_of(event):
            yield {**fact, "_packet": get(event, "perpass.packet")}
        mapper = MAPPERS.get(get(event, "event.dataset"))
        for fact in mapper(event) if mapper else ():
            fact["_packet"] = get(event, "perpass.packet")
            yield fact
