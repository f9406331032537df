"""TLS 1.2 with the certificate that a maker gave to a device, from two addresses (OpenSSL)."""

from lab import CLIENTS

DEVICE = "00-00-5e-00-53-2a"


def device_certificate(lab):
    """A certificate for the device, issued by its maker."""
    maker, maker_key = (lab.scratch_file(f"maker-{part}.pem") for part in ("cert", "key"))
    request, cert, key = (lab.scratch_file(f"device-{part}.pem") for part in ("request", "cert", "key"))
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    lab.command("openssl", "req", "-x509", *new, "-days", "3650", "-subj", "/O=Maker/CN=Devices of Maker",
                "-keyout", maker_key, "-out", maker)
    lab.command("openssl", "req", *new, "-subj", f"/O=Maker/CN={DEVICE}", "-keyout", key, "-out", request)
    lab.command("openssl", "x509", "-req", "-in", request, "-CA", maker, "-CAkey", maker_key, "-set_serial", "4711",
                "-days", "3650", "-out", cert)
    return cert, key


def make(lab, out):
    cert, key = lab.certificate()
    client_cert, client_key = device_certificate(lab)
    with lab.openssl_server(4433, "-tls1_2", "-cert", cert, "-key", key, "-Verify", "1", "-no_ticket") as server:
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            for address in CLIENTS[:2]:
                lab.openssl_client(4433, "-tls1_2", "-noservername", "-bind", f"{address}:0",
                                   "-cert", client_cert, "-key", client_key,
                                   "-cipher", "ECDHE-RSA-AES128-GCM-SHA256", "-groups", "X25519:P-256",
                                   says=["Cipher is ECDHE-RSA-AES128-GCM-SHA256", "Protocol  : TLSv1.2", "ssaprep"])
        server.must_say([f"CN = {DEVICE}"])
