"""Certificates signed with SHA-1, with a key of 1024 bits, and a good one (OpenSSL)."""

from lab import SERVER_NAME


def make(lab, out):
    pairs = (lab.issued("Alpha", "sha1", digest="sha1"), lab.issued("Alpha", "short", new="rsa:1024"),
             lab.issued("Alpha", "good"))
    with lab.capture(f"{out}/capture.pcap", "tcp portrange 4433-4435"):
        for port, (cert, key) in enumerate(pairs, 4433):
            with lab.openssl_server(port, "-cert", cert, "-key", key, "-tls1_2", "-cipher", "DEFAULT@SECLEVEL=0"):
                lab.openssl_client(port, "-tls1_2", "-servername", SERVER_NAME, "-cipher", "DEFAULT@SECLEVEL=0",
                                   says=["New, TLSv1.2"])
