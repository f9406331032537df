"""TLS 1.3 early data: the second session sends its first line before the server has answered (OpenSSL)."""


def make(lab, out):
    cert, key = lab.certificate()
    session, early = lab.scratch_file("session.pem"), lab.scratch_file("early.txt")
    with open(early, "w", encoding="ascii") as file:
        file.write("perpass\n")
    common = ("-tls1_3", "-servername", "server.example", "-groups", "X25519")
    with lab.serving(4433, "openssl", "s_server", "-accept", "4433", "-tls1_3", "-cert", cert, "-key", key,
                     "-early_data") as server:
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            for word, more in (("first", ("-sess_out", session)), ("second", ("-sess_in", session, "-early_data", early))):
                client = lab.start(lab.client_ns, "openssl", "s_client", "-connect", "192.0.2.1:4433", *common, *more)
                client.wait_for("SSL handshake has read")
                client.write(f"{word}\n")
                server.wait_for(word)
                client.write("Q\n")
                client.finish()
            client.must_say(["Reused, TLSv1.3", "Early data was accepted"])
        server.must_say(["Early data received", "perpass", "End of early data"])
