"""A server that keeps its (EC)DHE key pair from session to session, and one that does not (NSS, OpenSSL)."""

from lab import SERVER, SERVER_NAME


def database(lab):
    """NSS takes keys from a database of its own: the server's is called "server" in it."""
    cert, key = lab.certificate()
    bundle, folder = lab.scratch_file("server.p12"), lab.scratch
    lab.command("openssl", "pkcs12", "-export", "-in", cert, "-inkey", key, "-name", "server", "-passout", "pass:",
                "-out", bundle)
    lab.command("certutil", "-N", "-d", folder, "--empty-password")
    lab.command("pk12util", "-i", bundle, "-d", folder, "-W", "")
    return folder


def talk(lab, port, version):
    client = lab.start(lab.client_ns, "openssl", "s_client", "-connect", f"{SERVER}:{port}", "-servername", SERVER_NAME,
                       version, "-groups", "P-256", "-no_ticket")
    client.wait_for("SSL handshake has read")
    client.write("Q\n")
    client.finish()
    client.must_say(["New, TLSv1.", "Server Temp Key: ECDH, prime256v1, 256 bits"])


def make(lab, out):
    folder = database(lab)
    with lab.capture(f"{out}/capture.pcap", "tcp portrange 4433-4434"):
        for port, reuse, versions in ((4433, "1", 2 * ["-tls1_2"] + 2 * ["-tls1_3"]), (4434, "0", 2 * ["-tls1_2"])):
            with lab.serving(port, "selfserv", "-n", "server", "-p", str(port), "-d", folder, "-U", reuse, "-N",
                             "-I", "P256,x25519"):
                for version in versions:
                    talk(lab, port, version)
