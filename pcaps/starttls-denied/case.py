"""SMTP: a server that refuses TLS, one that does not offer it, and one whose offer was overwritten on the way."""

import sys

SERVER = """
import socket, sys
listener = socket.create_server(("192.0.2.1", 25))
for answer, then in ((b"250-mx.example\\r\\n250 STARTTLS\\r\\n", b"454 not now\\r\\n"),
                     (b"250-mx.example\\r\\n250 SIZE 1000\\r\\n", b"221 bye\\r\\n"),
                     (b"250-mx.example\\r\\n250 XXXXXXXA\\r\\n", b"221 bye\\r\\n")):
    connection, _ = listener.accept()
    with connection:
        connection.sendall(b"220 mx.example ESMTP\\r\\n")
        connection.recv(100)
        connection.sendall(answer)
        print("heard:", connection.recv(100), flush=True)
        connection.sendall(then)
        connection.recv(100)
"""
CLIENT = """
import smtplib
with smtplib.SMTP("192.0.2.1", 25, local_hostname="client.example") as client:
    client.ehlo()
    if not client.has_extn("starttls"):
        print("not offered")
    else:
        print("answer:", client.docmd("STARTTLS"))
"""


def make(lab, out):
    with lab.serving(25, sys.executable, "-c", SERVER) as server:
        with lab.capture(f"{out}/capture.pcap", "tcp port 25"):
            for said in ("answer: (454", "not offered", "not offered"):
                client = lab.start(lab.client_ns, sys.executable, "-c", CLIENT)
                client.finish()
                client.must_say([said])
        server.must_say(["heard: b'STARTTLS\\r\\n'", "heard: b'QUIT\\r\\n'"])
