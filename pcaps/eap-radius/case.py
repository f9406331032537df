"""EAP-TLS, then PEAP, between an access point and a RADIUS server (hostapd and wpa_supplicant's eapol_test)."""

SERVER_CONF = """driver=none
eap_server=1
eap_user_file={users}
ca_cert={ca}
server_cert={cert}
private_key={key}
radius_server_clients={clients}
radius_server_auth_port=1812
fragment_size=400
"""
DEVICE_CONF = """network={{
key_mgmt=WPA-EAP
{lines}
}}
"""


def write(lab, name, text):
    path = lab.scratch_file(name)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    return path


def device(lab, name, *lines):
    return write(lab, name, DEVICE_CONF.format(lines="\n".join(lines)))


def make(lab, out):
    cert, key = lab.certificate()
    device_cert, device_key = lab.certificate(name="device.example")
    users = write(lab, "users", '"device@home.example" TLS\n* PEAP\n"bob" MSCHAPV2 "not a secret" [2]\n')
    clients = write(lab, "clients", "192.0.2.0/24 secret\n")
    conf = write(lab, "hostapd.conf",
                 SERVER_CONF.format(users=users, ca=device_cert, cert=cert, key=key, clients=clients))
    devices = [
        device(lab, "tls.conf", "eap=TLS", 'identity="device@home.example"', f'client_cert="{device_cert}"',
               f'private_key="{device_key}"', "fragment_size=300"),
        device(lab, "peap.conf", "eap=PEAP", 'anonymous_identity="anonymous@home.example"', 'identity="bob"',
               'password="not a secret"', 'phase2="auth=MSCHAPV2"'),
    ]
    with lab.serving(1812, "hostapd", conf), lab.capture(f"{out}/capture.pcap", "udp port 1812"):
        for conf in devices:
            client = lab.start(lab.client_ns, "eapol_test", "-c", conf, "-a", "192.0.2.1", "-s", "secret")
            client.finish()
            client.must_say(["TLS: using phase1 config options", "\nSUCCESS\n"])
