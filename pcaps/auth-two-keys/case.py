"""One name under two keys of two issuers in turn, and a renewal (OpenSSL)."""

from lab import SERVER_NAME


def session(lab, port, pair, name):
    cert, key = pair
    with lab.openssl_server(port, "-cert", cert, "-key", key, "-tls1_2"):
        lab.openssl_client(port, "-tls1_2", "-servername", name, says=["New, TLSv1.2", f"subject=CN = {name}"])


def make(lab, out):
    own, other = lab.issued("Alpha", "own"), lab.issued("Beta", "other")
    old, new = (lab.issued(issuer, stem, name="renewed.example") for issuer, stem in (("Alpha", "old"), ("Beta", "new")))
    with lab.capture(f"{out}/capture.pcap", "tcp portrange 4433-4434"):
        for pair in (own, other, own):
            session(lab, 4433, pair, SERVER_NAME)
        for pair in (old, new, new):
            session(lab, 4434, pair, "renewed.example")
