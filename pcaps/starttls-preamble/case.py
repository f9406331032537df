"""SMTP whose clients say more before TLS than they need to, and one that says no more than others do (Python's ssl)."""

import sys

from lab import CLIENTS

SERVER = """
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
listener = socket.create_server(("192.0.2.1", 25))
answers = {b"EHLO": b"250-mx.example\\r\\n250 STARTTLS\\r\\n", b"STAR": b"220 go on\\r\\n"}
while True:
    connection, _ = listener.accept()
    connection.sendall(b"220 mx.example ESMTP\\r\\n")
    line = b""
    while not line.startswith(b"STARTTLS"):
        line = connection.recv(2000)
        connection.sendall(answers.get(line[:4], b"250 as you say\\r\\n"))
    with context.wrap_socket(connection, server_side=True) as secure:
        print("secure:", secure.recv(100), flush=True)
"""
CLIENT = """
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
context.set_ciphers("ECDHE+AESGCM")  # builds of Python differ in what they offer by themselves
connection = socket.create_connection(("192.0.2.1", 25), source_address=(sys.argv[2], 0))
connection.recv(100)
for line in [*sys.argv[3:], "STARTTLS"]:
    connection.sendall(line.encode() + b"\\r\\n")
    print(connection.recv(1000))
with context.wrap_socket(connection, server_hostname="server.example") as secure:
    secure.sendall(b"QUIT\\r\\n")
    print("secure:", secure.version())
"""
CONVERSATIONS = [
    ["EHLO " + ".".join(8 * ["c0ffee5eed0123456789abcdef0a1b2c0123456789abcdef"]) + ".example"],
    ["EHLO client.example", "NOOP c0ffee5eed0123456789abcdef0a1b2c"],
    ["EHLO a-client-with-a-long-name.somewhere-in-the-cellar.head-office.example", "NOOP", "RSET"],
]


def make(lab, out):
    cert, key = lab.certificate()
    with lab.serving(25, sys.executable, "-c", SERVER, cert, key) as server:
        with lab.capture(f"{out}/capture.pcap", "tcp port 25"):
            for address, lines in zip(CLIENTS, CONVERSATIONS):
                client = lab.start(lab.client_ns, sys.executable, "-c", CLIENT, cert, address, *lines)
                client.finish()
                client.must_say(["250 STARTTLS", "220 go on", "secure: TLSv1.3"])
        server.must_say(["secure: b'QUIT\\r\\n'"])
