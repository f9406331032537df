"""One forward-secret session for each kind of identity: what it looks like decides how bad it is (OpenSSL)."""

from lab import CLIENTS, KEY

IDENTITIES = (
    "anna.meier@example.org",
    "+491701234567",
    "198.51.100.23",
    "2001:db8::17",
    "00:1b:63:84:45:e6",
    "001b63fffe8445e6",
    "490154203237518",
    "262011234567895",
    "8949020000123456788",
    "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    "urn:dev:ops:32473-refrigerator-5002",
    "CN=device-17,OU=Floor 2,O=Example",
    "pump.station4.example.com",
    "Thermostat",
    "K\u00fcche",
    "b7e4019d5c2f4e7a9a60d1835fc2be17",
)


def make(lab, out):
    suite = "ECDHE-PSK-AES128-CBC-SHA256"
    with lab.openssl_server(4433, "-nocert", "-tls1_2", "-no_ticket", "-psk", KEY, "-cipher", suite):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            for number, identity in enumerate(IDENTITIES):
                lab.openssl_client(4433, "-bind", CLIENTS[number % len(CLIENTS)] + ":0", "-tls1_2", "-no_ticket",
                                   "-psk", KEY, "-psk_identity", identity, "-cipher", suite,
                                   says=[f"Cipher is {suite}", f"PSK identity: {identity}"])
