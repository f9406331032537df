"""What no stack at hand sends: options in three parts, BOOTP, relays in one another, DHCPv4 in DHCPv6, faults."""

import captures
import dhcp_frames as dhcp
from dhcp_frames import list6, message, message6, option, option6, relayed6

START = 1_700_000_000_000_000
URL = b"ftp://installer:not-a-secret@192.0.2.3/router.cfg"
CLIENT_ID = option6(1, bytes.fromhex("000200000009534e3139383432323536"))
SERVER_ID = option6(2, bytes.fromhex("00030001020000000001"))


def four():
    """DHCPv4: who sends, and what."""
    overloaded = message(2, option(54, bytes([192, 0, 2, 1])) + option(67, URL[:20]) + option(52, b"\3"), op=2,
                         file=option(67, URL[20:40]) + b"\xff", sname=option(67, URL[40:]) + b"\xff")
    boots = message(None, op=2, siaddr="192.0.2.3", file=b"vmunix", cookie=bytes(64), behind=b"")
    hidden = message(5, option(54, bytes([192, 0, 2, 1])) + option(143, list6(b"https://sztp.example")), op=2,
                     behind=b"\xff\0\0hidden")
    return [
        (False, message(10, option(61, b"\x01" + dhcp.MAC))),
        (True, message(13, option(51, bytes([0, 0, 14, 16])), op=2)),
        (True, overloaded),
        (False, message(None, cookie=bytes(64), behind=b"")),
        (True, boots),
        (True, hidden),
        (False, message(1, option(12, b"seen") + b"\x3d\xff\x01", behind=b"")),
        (False, message(3, option(12, b"seen-too") + option(60, b"cut"))),
    ]


def six():
    """DHCPv6: who sends, and what."""
    solicit = message6(1, CLIENT_ID, option6(8, b"\0\0"), option6(6, b"\0\x3b\0\x3c"),
                       option6(16, bytes([0, 0, 0, 9]) + list6(b"PXEClient:Arch:00009:UNDI:003010:PID:ROUTER")))
    near = relayed6(12, 0, dhcp.RELAY6, dhcp.CLIENT6, option6(18, b"ge-0/0/1"), option6(79, b"\0\1" + dhcp.MAC),
                    option6(9, solicit))
    reply = message6(7, CLIENT_ID, SERVER_ID, option6(59, b"tftp://[2001:db8::23]/SN19842256.enc"),
                     option6(60, list6(b"first", b"second=2")))
    answer = relayed6(13, 0, dhcp.RELAY6, dhcp.CLIENT6, option6(18, b"ge-0/0/1"), option6(9, reply))
    inside = message(1, option(12, b"inside"))
    return [
        (False, relayed6(12, 1, "::", dhcp.RELAY6, option6(37, b"\0\0\0\x09far"), option6(9, near))),
        (True, relayed6(13, 1, "::", dhcp.RELAY6, option6(9, answer))),
        (False, message6(20, option6(87, inside), xid=0)),
        (True, message6(2, CLIENT_ID, SERVER_ID, option6(136, list6(b"https://sztp.example", b"https://[2001:db8::24]")))),
        (False, message6(1, CLIENT_ID, option6(8, b"\0\0"), b"\0\x10\0\xff\0")),
    ]


def make(_, out):
    packets, time = [], START
    for from_server, payload in four():
        ends = (dhcp.SERVER, dhcp.CLIENT) if from_server else (dhcp.CLIENT, dhcp.SERVER)
        packets.append(captures.udp_packet(time, *ends, payload))
        time += 1000
    packets[-1] = packets[-1].cut(14 + 20 + 8 + 240 + 3 + 10 + 2)  # in option 60
    for from_server, payload in six():
        ends = ((dhcp.SERVER6, 547), (dhcp.RELAY6, 547))
        packets.append(dhcp.udp6(time, *(ends if from_server else ends[::-1]), payload))
        time += 1000
    captures.write(f"{out}/capture.pcap", packets)
