"""SMTP that goes over to TLS: once by the rules, once with a command in clear behind the request (Python's ssl)."""
import sys

SERVER = """
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
listener = socket.create_server(("192.0.2.1", 25))
while True:
    connection, _ = listener.accept()
    connection.sendall(b"220 mx.example ESMTP\\r\\n")
    connection.recv(100)
    connection.sendall(b"250-mx.example\\r\\n250-SIZE 1000\\r\\n250 STARTTLS\\r\\n")
    print("asked:", connection.recv(100), flush=True)
    connection.sendall(b"220 go on\\r\\n")
    with context.wrap_socket(connection, server_side=True) as secure:
        print("secure:", secure.recv(100), flush=True)
"""
CLIENT = """
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
context.set_ciphers("ECDHE+AESGCM")  # builds of Python differ in what they offer by themselves
connection = socket.create_connection(("192.0.2.1", 25))
connection.recv(100)
connection.sendall(b"EHLO client.example\\r\\n")
print(connection.recv(1000))
connection.sendall(sys.argv[2].encode())
print(connection.recv(100))
with context.wrap_socket(connection, server_hostname="server.example") as secure:
    secure.sendall(b"QUIT\\r\\n")
    print("secure:", secure.version())
"""


def make(lab, out):
    cert, key = lab.certificate()
    with lab.serving(25, sys.executable, "-c", SERVER, cert, key) as server:
        with lab.capture(f"{out}/capture.pcap", "tcp port 25"):
            for request in ("STARTTLS\r\n", "STARTTLS\r\nRSET\r\n"):
                client = lab.start(lab.client_ns, sys.executable, "-c", CLIENT, cert, request)
                client.finish()
                client.must_say(["250 STARTTLS", "220 go on", "secure: TLSv1.3"])
        server.must_say(["asked: b'STARTTLS\\r\\n'", "asked: b'STARTTLS\\r\\nRSET\\r\\n'", "secure: b'QUIT\\r\\n'"])
