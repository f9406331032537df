"""Two servers with one certificate key and one ticket key, and two that have keys of their own (nginx, OpenSSL)."""

import os

SERVERS = {"one": "192.0.2.1", "two": "192.0.2.2", "long": "192.0.2.3", "own": "192.0.2.4"}
SHARE_KEYS = ("one", "two")
LIFETIMES = {"one": 3600, "two": 3600, "long": 864000, "own": 3600}  # of tickets, in seconds

NGINX = """daemon off;
worker_processes 1;
pid {scratch}/nginx.pid;
error_log {scratch}/error.log;
events {{}}
http {{
    access_log off;
    ssl_protocols TLSv1.2;
    ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256;
    ssl_ecdh_curve X25519;
{servers}}}
"""
SERVER = """    server {{
        listen {address}:4433 ssl;
        ssl_certificate {scratch}/{name}-cert.pem;
        ssl_certificate_key {scratch}/{key}-key.pem;
        ssl_session_ticket_key {scratch}/{key}.ticket;
        ssl_session_timeout {timeout};
    }}
"""


def certify(lab, name, key):
    """A certificate of server |name|, for the key that is called |key|, and a ticket key of that name."""
    key_file, ticket_key = lab.scratch_file(f"{key}-key.pem"), lab.scratch_file(f"{key}.ticket")
    if not os.path.exists(key_file):
        lab.command("openssl", "genrsa", "-out", key_file, "2048")
        with open(ticket_key, "wb") as out:
            out.write(os.urandom(48))
    lab.command("openssl", "req", "-x509", "-key", key_file, "-days", "3650", "-subj", f"/CN={name}.example", "-addext",
                f"subjectAltName=DNS:{name}.example", "-out", lab.scratch_file(f"{name}-cert.pem"))


def configure(lab):
    servers = []
    for name, address in SERVERS.items():
        key = "farm" if name in SHARE_KEYS else name
        certify(lab, name, key)
        servers.append(SERVER.format(scratch=lab.scratch, address=address, name=name, key=key,
                                     timeout=f"{LIFETIMES[name]}s"))
    path = lab.scratch_file("nginx.conf")
    with open(path, "w", encoding="ascii") as out:
        out.write(NGINX.format(scratch=lab.scratch, servers="".join(servers)))
    return path


def make(lab, out):
    for address in SERVERS.values():
        lab.command("ip", "-n", lab.server_ns, "address", "replace", f"{address}/24", "dev", "wire1")
    with lab.serving(4433, "nginx", "-c", configure(lab)), lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
        for name, lifetime in LIFETIMES.items():
            lab.openssl_client(4433, "-tls1_2", "-servername", f"{name}.example", host=SERVERS[name],
                               answer="400 Bad Request", says=[f"ticket lifetime hint: {lifetime} (seconds)"])
