"""EAP-TLS between a device and the port of a switch, 802.1X (hostapd and wpa_supplicant, wired driver)."""

AUTHENTICATOR_CONF = """interface=wire1
driver=wired
ieee8021x=1
eap_server=1
eap_user_file={users}
ca_cert={ca}
server_cert={cert}
private_key={key}
fragment_size=400
use_pae_group_addr={group}
"""
DEVICE_CONF = """ap_scan=0
network={{
key_mgmt=IEEE8021X
eapol_flags=0
{lines}
}}
"""


def write(lab, name, text):
    path = lab.scratch_file(name)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    return path


def authenticate(lab, out, group, *lines):
    """One device at one port; |group|: the port sends to the group address, as the device does."""
    cert, key = lab.certificate()
    device_cert, device_key = lab.certificate(name="device.example")
    users = write(lab, "users", '"device@home.example" TLS\n* PEAP\n"bob" MSCHAPV2 "not a secret" [2]\n')
    port = write(lab, "port.conf",
                 AUTHENTICATOR_CONF.format(users=users, ca=device_cert, cert=cert, key=key, group=int(group)))
    lines = [line.format(cert=device_cert, key=device_key) for line in lines]
    conf = write(lab, "device.conf", DEVICE_CONF.format(lines="\n".join(lines)))
    with lab.capture(f"{out}/capture.pcap", "ether proto 0x888e"):
        server = lab.start(lab.server_ns, "hostapd", port)
        server.wait_for("AP-ENABLED")
        device = lab.start(lab.client_ns, "wpa_supplicant", "-D", "wired", "-i", "wire0", "-c", conf)
        device.wait_for("CTRL-EVENT-CONNECTED")
        device.stop()
        server.stop()
    device.must_say(["CTRL-EVENT-EAP-SUCCESS"])
    return device


def make(lab, out):
    device = authenticate(lab, out, False, "eap=TLS", 'identity="device@home.example"', 'client_cert="{cert}"',
                          'private_key="{key}"', "fragment_size=300")
    device.must_say(["vendor 0 method 13 (TLS) selected"])
