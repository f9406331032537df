"""DNS in clear over UDP and TCP, with a client subnet and without, and a session of DNS over TLS (dnsmasq, BIND's dig, OpenSSL)."""


def make(lab, out):
    def dig(*options, source="192.0.2.10", says="192.0.2.77"):
        client = lab.start(lab.client_ns, "dig", "-b", source, "+tries=1", "@192.0.2.1", *options)
        client.close_input()
        client.finish()
        client.must_say([says])

    names = ("a.example", "b.example", "c.example")
    server = ("dnsmasq", "--no-daemon", "--no-resolv", "--no-hosts", "--local=/example/", "--conf-file=/dev/null",
              "--listen-address=192.0.2.1", "--bind-interfaces", "--user=root", "--pid-file=",
              *(f"--address=/{name}/192.0.2.77" for name in names))
    cert, key = lab.certificate()
    with lab.serving(53, *server), lab.openssl_server(853, "-cert", cert, "-key", key, "-alpn", "dot"), \
            lab.capture(f"{out}/capture.pcap", "port 53 or port 853"):
        dig("a.example")
        dig("A.EXAMPLE", "+subnet=192.0.2.0/24")
        dig("b.example", "+tcp")
        dig("c.example", "+noedns", source="192.0.2.11")
        dig("missing.example", says="NXDOMAIN", source="192.0.2.11")
        lab.openssl_client(853, "-alpn", "dot", "-servername", "resolver.example")
