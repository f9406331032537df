"""Two servers with one PSK, early data under it, and an attacker who gives one hello to both (OpenSSL)."""

import contextlib
import sys

from lab import SERVER

ALPHA, BETA = SERVER, "192.0.2.2"
SUITE = "TLS_AES_128_GCM_SHA256"
SHARED, SERVICE = "actuators", "archive"
DOUBLER = """
import contextlib, select, socket, sys

def give(end, data):
    with contextlib.suppress(OSError):
        end.sendall(data) if data else end.shutdown(socket.SHUT_WR)

def take(end):
    with contextlib.suppress(OSError):
        return end.recv(65536)
    return b""

with socket.create_server(("127.0.0.1", 4440)) as listener:
    client, _ = listener.accept()
first, second = (socket.create_connection((address, 4433)) for address in sys.argv[1:])
ends, held, answered = [client, first, second], b"", False
while client in ends or first in ends:
    for end in select.select(ends, [], [])[0]:
        data = take(end)
        if not data:
            ends.remove(end)
        if end is client:
            give(first, data)
            held += data
        if end is first:
            give(client, data)
            answered = True
    if answered and held:  # the second server gets everything when the first one has answered
        give(second, held)
        held = b""
give(second, b"")
"""


def external_key(lab):
    """A session of OpenSSL, for its key: s_client and s_server take it as an external PSK that may have early data."""
    cert, key = lab.certificate()
    session = lab.scratch_file("psk.pem")
    with lab.openssl_server(4499, "-cert", cert, "-key", key, "-tls1_3", "-max_early_data", "1024"):
        lab.openssl_client(4499, "-tls1_3", "-ciphersuites", SUITE, "-sess_out", session)
    return session


def serve(lab, address, port, identity, psk):
    return lab.serving(port, "openssl", "s_server", "-accept", f"{address}:{port}", "-nocert", "-tls1_3", "-psk_session",
                       psk, "-psk_identity", identity, "-early_data", "-num_tickets", "0")


def talk(lab, server, host, port, name, identity, psk, *options):
    word = f"line-{lab.num_logs}"
    client = lab.start(lab.client_ns, "openssl", "s_client", "-connect", f"{host}:{port}", "-servername", name, "-tls1_3",
                       "-ciphersuites", SUITE, "-psk_session", psk, "-psk_identity", identity, *options)
    client.wait_for("SSL handshake has read")
    client.write(f"{word}\n")
    server.wait_for(word)
    client.write("Q\n")
    client.finish()
    client.must_say(["Reused, TLSv1.3"])
    return client


def make(lab, out):
    lab.command("ip", "-n", lab.server_ns, "address", "add", f"{BETA}/24", "dev", "wire1")
    psk, early = external_key(lab), lab.scratch_file("early.txt")
    with open(early, "w", encoding="ascii") as file:
        file.write("valve 3: open\n")
    with contextlib.ExitStack() as stack:
        alpha, beta = (stack.enter_context(serve(lab, address, 4433, SHARED, psk)) for address in (ALPHA, BETA))
        mirrors = [stack.enter_context(serve(lab, address, 4434, SERVICE, psk)) for address in (ALPHA, BETA)]
        stack.enter_context(lab.serving(4440, sys.executable, "-c", DOUBLER, ALPHA, BETA, namespace=lab.client_ns))
        stack.enter_context(lab.capture(f"{out}/capture.pcap", "tcp portrange 4433-4434"))
        talk(lab, alpha, ALPHA, 4433, "alpha.example", SHARED, psk)
        talk(lab, beta, BETA, 4433, "beta.example", SHARED, psk)
        for server, address in zip(mirrors, (ALPHA, BETA)):
            talk(lab, server, address, 4434, "archive.example", SERVICE, psk)
        client = talk(lab, alpha, "127.0.0.1", 4440, "alpha.example", SHARED, psk, "-early_data", early)
        client.must_say(["Early data was accepted"])
        for server in alpha, beta:
            server.wait_for("End of early data")
            server.must_say(["Early data received", "valve 3: open"])
