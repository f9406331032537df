"""Nodes that are client and server under one PSK, and an attacker who sends a hello back to its sender (OpenSSL)."""

import contextlib
import sys

from lab import CLIENT, KEY, SERVER

BOTH_WAYS, TO_RIGHT, TO_LEFT = "controllers", "left-to-right", "right-to-left"
REFLECTOR = """
import socket, sys, threading
port = int(sys.argv[2])
def copy(source, sink):
    while data := source.recv(65536):
        sink.sendall(data)
    sink.shutdown(socket.SHUT_WR)
with socket.create_server((sys.argv[1], port)) as listener:
    client, (victim, _) = listener.accept()
back = socket.create_connection((victim, port))
threads = [threading.Thread(target=copy, args=pair) for pair in ((client, back), (back, client))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def psk(identity):
    return ("-psk", KEY, "-psk_identity", identity)


def serve(lab, port, identity, namespace):
    return lab.serving(port, "openssl", "s_server", "-accept", str(port), "-rev", "-nocert", "-tls1_3", *psk(identity),
                       "-num_tickets", "0", namespace=namespace)


def talk(lab, namespace, host, port, identity):
    """s_client of a node: a line, its answer, and the end."""
    client = lab.start(namespace, "openssl", "s_client", "-connect", f"{host}:{port}", "-tls1_3", *psk(identity))
    client.wait_for("SSL handshake has read")
    client.write("perpass\n")
    client.wait_for("ssaprep")
    client.write("Q\n")
    client.finish()
    client.must_say(["Reused, TLSv1.3", "ssaprep"])


def make(lab, out):
    left, right = lab.client_ns, lab.server_ns
    with contextlib.ExitStack() as stack:
        for port, identity, namespace in ((4433, BOTH_WAYS, right), (4433, BOTH_WAYS, left),
                                          (4434, TO_RIGHT, right), (4435, TO_LEFT, left)):
            stack.enter_context(serve(lab, port, identity, namespace))
        stack.enter_context(lab.capture(f"{out}/capture.pcap", "tcp portrange 4433-4436"))
        talk(lab, left, SERVER, 4433, BOTH_WAYS)
        talk(lab, right, CLIENT, 4433, BOTH_WAYS)
        talk(lab, left, SERVER, 4434, TO_RIGHT)
        talk(lab, right, CLIENT, 4435, TO_LEFT)
        stack.enter_context(serve(lab, 4436, BOTH_WAYS, left))
        stack.enter_context(lab.serving(4436, sys.executable, "-c", REFLECTOR, SERVER, "4436", namespace=right))
        talk(lab, left, SERVER, 4436, BOTH_WAYS)
