"""Asks tshark for every option of every DHCP and DHCPv6 message of a capture, byte by byte, and states them as facts.

The packet's number and, for DHCPv6, how deep in relays' messages a message is tell it from others.
"""
import json
import subprocess
import xml.etree.ElementTree as ET

NOT_IN_LISTS = (0, 255)  # DHCPv4: pad and end
OPTION_RELAY_MESSAGE = 9


def raw(field):
    """The bytes of a field; none of what tshark could not read to its end."""
    try:
        return bytes.fromhex(field.get("unmaskedvalue") or field.get("value") or "")
    except ValueError:
        return b""


def fields(parent, name):
    """The fields |name| that are |parent|'s own."""
    return [field for field in parent if field.get("name") == name]


def first(parent, name):
    found = fields(parent, name)
    return found[0] if found else None


def shown(parent, name):
    field = first(parent, name)
    return None if field is None else field.get("show")


def dhcp_options(proto):
    """The options behind the cookie, and then those that option 52 shows below it."""
    behind_cookie = fields(proto, "dhcp.option.type")
    overloaded = [
        option for overload in behind_cookie for area in fields(overload, "") for option in fields(area, "dhcp.option.type")
    ]
    return [raw(option) for option in behind_cookie + overloaded]


def dhcp_facts(proto, packet):
    op, mac = shown(proto, "dhcp.type"), shown(proto, "dhcp.hw.mac_addr")
    if op is None:
        return
    options = dhcp_options(proto)
    yield {
        "kind": "dhcp.options",
        "packet": packet,
        "op": int(op, 0),
        "xid": shown(proto, "dhcp.id"),
        "client_mac": mac,
        "options": [[option[0], option[2:].hex()] for option in options if option and option[0] not in NOT_IN_LISTS],
    }


def message_inside(option):
    """The element below a relay message option that has a message's fields."""
    for element in option.iter():
        if element is not option and first(element, "dhcpv6.msgtype") is not None:
            return element
    return None


def dhcpv6_facts(message, packet, depth=0):
    number = shown(message, "dhcpv6.msgtype")
    if number is None:
        return
    options = [(raw(field), field) for field in fields(message, "dhcpv6.option.type_str")]
    options = [(value, field) for value, field in options if len(value) >= 4]
    yield {
        "kind": "dhcpv6.options",
        "packet": packet,
        "depth": depth,
        "xid": shown(message, "dhcpv6.xid"),
        "options": [[int.from_bytes(value[:2], "big"), value[4:].hex()] for value, _ in options],
    }
    for value, field in options:
        inside = message_inside(field) if int.from_bytes(value[:2], "big") == OPTION_RELAY_MESSAGE else None
        if inside is not None:
            yield from dhcpv6_facts(inside, packet, depth + 1)


def lines_of_tshark(capture):
    """All facts of a capture, one in a line."""
    command = ["tshark", "-n", "-2", "-r", capture, "-Y", "dhcp || dhcpv6", "-T", "pdml", "-J", "frame dhcp dhcpv6"]
    command[1:1] = ["-o", "ip.defragment:TRUE", "-o", "ipv6.defragment:TRUE"]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=600, check=False)
    lines = []
    for packet in ET.fromstring(result.stdout).iter("packet"):
        number = int(next(field.get("show") for field in packet.iter("field") if field.get("name") == "frame.number"))
        for proto in packet:
            facts = {"dhcp": dhcp_facts, "dhcpv6": dhcpv6_facts}.get(proto.get("name"))
            if facts:
                lines.extend(json.dumps(fact) + "\n" for fact in facts(proto, number))
    return "".join(lines)
