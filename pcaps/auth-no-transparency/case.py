"""Certificates without timestamps of logs: by the policy of public issuers, of a private issuer, and their own (OpenSSL)."""

from lab import SERVER_NAME

DOMAIN_VALIDATED = "2.23.140.1.2.1"  # the CA/Browser Forum's


def make(lab, out):
    pairs = (lab.issued("Alpha", "public", policy=DOMAIN_VALIDATED), lab.issued("Alpha", "private"), lab.certificate())
    logs = lab.scratch_file("logs.cnf")
    with open(logs, "w", encoding="ascii") as out_logs:
        out_logs.write("enabled_logs =\n")
    with lab.capture(f"{out}/capture.pcap", "tcp portrange 4433-4435"):
        for port, (cert, key) in enumerate(pairs, 4433):
            with lab.openssl_server(port, "-cert", cert, "-key", key, "-tls1_2"):
                lab.openssl_client(port, "-tls1_2", "-servername", SERVER_NAME, "-ct", "-ctlogfile", logs,
                                   says=["New, TLSv1.2"])
