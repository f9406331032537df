"""A small network of its own, and real TLS stacks that talk over it: what the cases are made with.

Two network namespaces joined by a veth pair, removed again at the end:

    client  192.0.2.10 to .14, 2001:db8::10     server  192.0.2.1, 2001:db8::1

tcpdump listens on the server's end. Nothing leaves the namespaces, and only processes that were started
here are ever stopped, by their own process id.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time

SERVER = "192.0.2.1"
SERVER6 = "2001:db8::1"
CLIENT = "192.0.2.10"
CLIENTS = [f"192.0.2.{n}" for n in range(10, 15)]
CLIENT6 = "2001:db8::10"
SERVER_NAME = "server.example"
CLIENT_NAME = "client.example"
KEY = "c0ffee5eed0123456789abcdef0a1b2c"  # the pre-shared key of every case: a test key, in hex
PATIENCE = 15.0  # seconds that anything may take

PACKAGES = {
    "ip": "iproute2",
    "tcpdump": "tcpdump",
    "openssl": "openssl",
    "gnutls-serv": "gnutls-bin",
    "gnutls-cli": "gnutls-bin",
    "coap-server-openssl": "libcoap3-bin",
    "coap-client-openssl": "libcoap3-bin",
    "coap-server-gnutls": "libcoap3-bin",
    "coap-client-gnutls": "libcoap3-bin",
    "tstclnt": "libnss3-tools",
    "certutil": "libnss3-tools",
    "pk12util": "libnss3-tools",
    "selfserv": "libnss3-tools",
    "gcc": "gcc",
    "gtlsserver": "ngtcp2-server",
    "gtlsclient": "ngtcp2-client",
    "hostapd": "hostapd",
    "eapol_test": "eapoltest",
    "wpa_supplicant": "wpasupplicant",
    "in.tftpd": "tftpd-hpa",
    "tftp": "tftp-hpa",
    "curl": "curl",
    "wget": "wget",
    "nginx": "nginx-light",
    "busybox": "busybox",
    "dnsmasq": "dnsmasq-base",
    "udhcpc": "udhcpc",
    "dhcpd": "isc-dhcp-server",
    "dhcrelay": "isc-dhcp-relay",
    "dhclient": "isc-dhcp-client",
    "dig": "bind9-dnsutils",
    "telnet": "inetutils-telnet",
    "snmpd": "snmpd",
    "snmpget": "snmp",
}


class LabError(Exception):
    """A stack that did not do what the case says."""


class NotInstalled(LabError):
    """A stack that is not there."""


def need(program):
    if shutil.which(program) is None:
        raise NotInstalled(f"{program} is not installed: apt-get install {PACKAGES.get(program, program)}")


def missing():
    """Sentences about what every case needs and this machine lacks."""
    lacks = []
    if os.geteuid() != 0:
        lacks.append("network namespaces and tcpdump need root: run it as root or with sudo")
    for program in ("ip", "tcpdump"):
        try:
            need(program)
        except NotInstalled as error:
            lacks.append(str(error))
    return lacks


def wait_for(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise LabError(f"waited {PATIENCE:.0f} s for {what}")
        time.sleep(0.02)


class Process:
    """A program that was started here, and its log (both output streams)."""

    def __init__(self, argv, log_path):
        self.argv = argv
        self.log_path = log_path
        with open(log_path, "wb") as log:
            self.popen = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=log, stderr=log)

    def log(self):
        with open(self.log_path, "rb") as log:
            return log.read().decode("utf-8", "replace")

    def ended(self):
        return self.popen.poll() is not None

    def wait_for(self, text):
        wait_for(lambda: text in self.log() or self.ended(), f"{self.argv} to say {text!r}")
        return text in self.log()

    def write(self, text):
        with contextlib.suppress(BrokenPipeError):
            self.popen.stdin.write(text.encode())
            self.popen.stdin.flush()

    def close_input(self):
        with contextlib.suppress(BrokenPipeError):
            self.popen.stdin.close()

    def finish(self):
        wait_for(self.ended, f"{self.argv} to end")

    def stop(self, how=signal.SIGTERM):
        self.close_input()
        if not self.ended():
            self.popen.send_signal(how)
            try:
                self.popen.wait(3)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait(3)

    def must_say(self, texts):
        log = self.log()
        for text in texts:
            if text not in log:
                raise LabError(f"{' '.join(self.argv)}\ndid not say {text!r}, but:\n{log[-3000:]}")


class Lab:
    def __init__(self, scratch):
        self.scratch = scratch
        self.client_ns = self.server_ns = None
        self.processes = []
        self.namespaces = []
        self.num_logs = 0

    def __enter__(self):
        try:
            self._make_network()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for process in reversed(self.processes):
            process.stop()
        for name in self.namespaces:
            subprocess.run(["ip", "netns", "del", name], check=False)
        self.namespaces = []

    def command(self, *argv):
        """Runs a program to its end; its output is an error text when it fails."""
        need(argv[0])
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
        if done.returncode != 0:
            raise LabError(f"{' '.join(argv)}: {done.stderr.decode('utf-8', 'replace').strip()}")
        return done.stdout.decode("utf-8", "replace")

    def add_namespace(self, role):
        """A further network namespace, removed at the end as the others are."""
        name = f"perpass-{os.getpid()}-{role}"
        self.command("ip", "netns", "add", name)
        self.namespaces.append(name)
        return name

    def _make_network(self):
        self.client_ns = self.add_namespace("client")
        self.server_ns = self.add_namespace("server")
        client = ("ip", "-n", self.client_ns)
        server = ("ip", "-n", self.server_ns)
        self.command(*client, "link", "add", "wire0", "address", "02:00:00:00:00:10", "type", "veth",
                     "peer", "name", "wire1", "address", "02:00:00:00:00:01", "netns", self.server_ns)
        for address in CLIENTS:
            self.command(*client, "address", "add", f"{address}/24", "dev", "wire0")
        self.command(*client, "address", "add", f"{CLIENT6}/64", "dev", "wire0", "nodad")
        self.command(*server, "address", "add", f"{SERVER}/24", "dev", "wire1")
        self.command(*server, "address", "add", f"{SERVER6}/64", "dev", "wire1", "nodad")
        for end, link, other, mac in ((client, "wire0", SERVER6, "02:00:00:00:00:01"),
                                      (server, "wire1", CLIENT6, "02:00:00:00:00:10")):
            self.command(*end, "link", "set", "lo", "up")
            self.command(*end, "link", "set", link, "up")
            # Looking for the neighbour can take longer than it takes a datagram to be sent again.
            self.command(*end, "neighbor", "replace", other, "lladdr", mac, "dev", link)

    def start(self, namespace, *argv):
        need(argv[0])
        self.num_logs += 1
        log_path = os.path.join(self.scratch, f"{self.num_logs:03}-{argv[0].split('/')[-1]}.log")
        process = Process(["ip", "netns", "exec", namespace, *argv], log_path)
        self.processes.append(process)
        return process

    # Capturing

    @contextlib.contextmanager
    def capture(self, path, expression, namespace=None, interface="wire1", options=()):
        """Captures what |expression| lets through, until the end of the with block."""
        tcpdump = self.start(namespace or self.server_ns, "tcpdump", "-i", interface, "-n", "-U",
                             "--immediate-mode", "-s", "0", "-B", "8192", "-Z", "root", *options,
                             "-w", path, expression)
        if not tcpdump.wait_for("listening on"):
            raise LabError(f"tcpdump ended: {tcpdump.log()}")
        try:
            yield
            self.settle(path)
        finally:
            tcpdump.stop(signal.SIGINT)
        tcpdump.must_say(["\n0 packets dropped by kernel"])

    @staticmethod
    def settle(path):
        """Waits until the capture file has not grown for a while: the last FIN is in it."""
        size, since = -1, time.monotonic()
        while time.monotonic() - since < 0.3:
            now = os.path.getsize(path)
            if now != size:
                size, since = now, time.monotonic()
            time.sleep(0.05)

    # Servers: each is a context manager, ready when entered

    @contextlib.contextmanager
    def serving(self, port, *argv, namespace=None):
        server = self.start(namespace or self.server_ns, *argv)
        pid = server.popen.pid
        wait_for(lambda: server.ended() or (is_elsewhere(pid) and listens(pid, port)), f"port {port}")
        if server.ended():
            raise LabError(f"{' '.join(argv)} ended: {server.log()}")
        try:
            yield server
        finally:
            server.stop()

    def openssl_server(self, port, *options):
        """openssl s_server; it sends back every line reversed."""
        return self.serving(port, "openssl", "s_server", "-accept", str(port), "-rev", *options)

    def openssl_dtls_server(self, port, *options, host=SERVER):
        """openssl s_server with DTLS, one session after the other; openssl_dtls_client makes it answer."""
        return self.serving(port, "openssl", "s_server", "-accept", f"[{host}]:{port}", "-timeout", *options)

    def gnutls_server(self, port, *options):
        """gnutls-serv; it sends back every line."""
        return self.serving(port, "gnutls-serv", "--port", str(port), "--echo", *options)

    def gnutls_dtls_server(self, port, *options):
        """gnutls-serv with DTLS; it sends back every line."""
        return self.serving(port, "gnutls-serv", "--udp", "--port", str(port), *options)

    def coap_server(self, build, port, *options):
        """libcoap's server of the |build| "openssl" or "gnutls"; it listens for DTLS on |port|."""
        return self.serving(port, f"coap-server-{build}", "-A", SERVER, "-p", str(port - 1), "-v", "7", *options)

    def mbedtls_server(self, port, *options):
        return self.serving(port, self.mbedtls_peer(), "server", SERVER, str(port), *options)

    def quic_server(self, port, *options):
        """ngtcp2's server with GnuTLS; any file it is asked for is not there."""
        cert, key = self.certificate()
        return self.serving(port, "gtlsserver", "--no-quic-dump", "--no-http-dump", "--max-gso-dgrams", "1",
                            "-d", self.scratch, *options, SERVER, str(port), key, cert)

    def wolfssl_server(self, port, *options):
        return self.serving(port, self.wolfssl_peer(), "server", SERVER, str(port), *options)

    def relay_at_client(self, port, *plan):
        """relay.py before the client, on its loopback: what the server sends has been on the wire when it is lost."""
        return self._relay(self.client_ns, "127.0.0.1", port, SERVER, port, *plan)

    def relay_at_server(self, port, target, *plan):
        """relay.py before a server that listens on loopback: on the wire is what it passes on."""
        return self._relay(self.server_ns, SERVER, port, "127.0.0.1", target, *plan)

    def _relay(self, namespace, address, port, server, target, *plan):
        script = os.path.join(os.path.dirname(__file__), "relay.py")
        return self.serving(port, sys.executable, "-B", script, address, str(port), server, str(target), *plan,
                            namespace=namespace)

    # Clients: each makes one session, says a line, hears the answer, and ends

    def _talk(self, client, ready, answer, bye, says, fails):
        if client.wait_for(ready) and not fails:
            client.write("perpass\n")
            client.wait_for(answer)
            client.write(bye)
        client.close_input()
        client.finish()
        client.must_say(says)
        return client

    def openssl_client(self, port, *options, host=SERVER, says=(), fails=False, answer="ssaprep"):
        client = self.start(self.client_ns, "openssl", "s_client", "-connect",
                            f"[{host}]:{port}", *options)
        return self._talk(client, "SSL handshake has read", answer, "Q\n", says, fails)

    def openssl_dtls_client(self, server, port, *options, host=SERVER, says=()):
        """openssl s_client with DTLS; |server| is the process that it talks to, and that answers."""
        client = self.start(self.client_ns, "openssl", "s_client", "-connect", f"[{host}]:{port}", "-timeout", *options)
        if client.wait_for("SSL handshake has read"):
            heard = server.log().count("perpass\n")
            client.write("perpass\n")
            wait_for(lambda: server.log().count("perpass\n") > heard or client.ended(), "the server to hear the client")
            server.write("answer\n")
            client.wait_for("answer\n")
            client.write("Q\n")
        client.close_input()
        client.finish()
        client.must_say(says)
        return client

    def openssl_dtls_attempt(self, seconds, port, *options):
        """openssl s_client with DTLS, stopped after |seconds| of a handshake that does not end."""
        client = self.start(self.client_ns, "openssl", "s_client", "-connect", f"{SERVER}:{port}", "-timeout", *options)
        time.sleep(seconds)
        if client.ended() or "SSL handshake has read" in client.log():
            raise LabError(f"the handshake has ended: {client.log()}")
        client.stop()

    def gnutls_client(self, port, *options, host=SERVER, says=(), fails=False, ready="Handshake was completed"):
        client = self.start(self.client_ns, "gnutls-cli", "--insecure", "--port", str(port), *options, host)
        return self._talk(client, ready, "\nperpass", "", says, fails)

    def coap_client(self, build, port, *options, path=".well-known/core", says=(), seconds=5):
        """libcoap's client of the |build|: it asks for |path|, and gives up after |seconds|."""
        client = self.start(self.client_ns, f"coap-client-{build}", "-v", "7", "-B", str(seconds), *options,
                            f"coaps://{SERVER}:{port}/{path}")
        return self._run(client, says)

    def mbedtls_client(self, port, *options, host=SERVER, says=()):
        return self._run(self.start(self.client_ns, self.mbedtls_peer(), "client", host, str(port), *options), says)

    def quic_client(self, port, *options, says=()):
        """ngtcp2's client with GnuTLS: asks for one page and closes. To an address it says "localhost"."""
        client = self.start(self.client_ns, "gtlsclient", "--no-quic-dump", "--no-http-dump",
                            "--exit-on-all-streams-close", *options, SERVER, str(port),
                            f"https://{SERVER_NAME}/page")
        return self._run(client, says)

    def wolfssl_client(self, port, *options, host=SERVER, says=()):
        return self._run(self.start(self.client_ns, self.wolfssl_peer(), "client", host, str(port), *options), says)

    @staticmethod
    def _run(client, says):
        client.close_input()
        client.finish()
        client.must_say(says)
        return client

    # What the servers need

    def mbedtls_peer(self):
        """Builds tests/peers/mbedtls_peer.c: a peer whose PSK identities are bytes, not C strings."""
        return self._peer("mbedtls_peer", "mbedtls/ssl.h", "libmbedtls-dev",
                          "-lmbedtls", "-lmbedx509", "-lmbedcrypto")

    def wolfssl_peer(self):
        """Builds tests/peers/wolfssl_peer.c."""
        return self._peer("wolfssl_peer", "wolfssl/ssl.h", "libwolfssl-dev", "-lwolfssl")

    def _peer(self, name, header, package, *libraries):
        if not os.path.exists(f"/usr/include/{header}"):
            raise NotInstalled(f"{header} is not there: apt-get install {package}")
        program = os.path.join(self.scratch, name)
        if not os.path.exists(program):
            source = os.path.join(os.path.dirname(__file__), "..", "tests", "peers", f"{name}.c")
            self.command("gcc", "-std=c11", "-D_GNU_SOURCE", "-O1", "-o", program, source, *libraries)
        return program

    def certificate(self, kind="rsa", name=SERVER_NAME):
        """A self-signed certificate for |name|: its file and its key's file."""
        cert = os.path.join(self.scratch, f"{name}-{kind}-cert.pem")
        key = os.path.join(self.scratch, f"{name}-{kind}-key.pem")
        if not os.path.exists(cert):
            new = {"rsa": ["rsa:2048"], "ec": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]}[kind]
            self.command("openssl", "req", "-x509", "-newkey", *new, "-nodes", "-days", "3650",
                         "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
                         "-keyout", key, "-out", cert)
        return cert, key

    def issued(self, issuer, stem, name=SERVER_NAME, new="rsa:2048", digest="sha256", policy=None):
        """A certificate for |name| from an issuer of this organisation, and its key: files that begin with |stem|."""
        root, root_key, cert, key, request, extensions = (self.scratch_file(f"{part}.pem") for part in (
            f"{issuer}-root", f"{issuer}-root-key", f"{stem}-cert", f"{stem}-key", f"{stem}-request", f"{stem}-ext"))
        if not os.path.exists(root):
            self.command("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj",
                         f"/O={issuer}/CN={issuer} Root", "-keyout", root_key, "-out", root)
        with open(extensions, "w", encoding="ascii") as out:
            out.write(f"subjectAltName=DNS:{name}\n" + (f"certificatePolicies={policy}\n" if policy else ""))
        self.command("openssl", "req", "-newkey", new, "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        self.command("openssl", "x509", "-req", "-in", request, "-CA", root, "-CAkey", root_key, f"-{digest}",
                     "-days", "3650", "-extfile", extensions, "-out", cert)
        return cert, key

    def raw_key_pair(self, name):
        """Files of a private key and of its public key alone, on P-256."""
        key, public = (os.path.join(self.scratch, f"{name}-{part}.pem") for part in ("key", "public"))
        self.command("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                     "-out", key + ".8")
        self.command("openssl", "pkey", "-in", key + ".8", "-traditional", "-out", key)
        self.command("openssl", "pkey", "-in", key, "-pubout", "-out", public)
        return key, public

    def psk_passwd(self, **keys):
        """A GnuTLS password file; identities are the names, values are keys in hex."""
        path = os.path.join(self.scratch, f"psk-{self.num_logs}.txt")
        with open(path, "w", encoding="utf-8") as out:
            for identity, key in keys.items():
                out.write(f"{identity}:{key}\n")
        return path

    def scratch_file(self, name):
        return os.path.join(self.scratch, name)


def is_elsewhere(pid):
    """Has |pid| entered a network namespace of its own? Before, somebody else may listen where it is."""
    try:
        return os.readlink(f"/proc/{pid}/ns/net") != os.readlink("/proc/self/ns/net")
    except OSError:
        return False


def listens(pid, port):
    """Is there a listening TCP socket or an unconnected UDP socket on |port| in the namespace of |pid|?"""
    for table, state in (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")):
        try:
            with open(f"/proc/{pid}/net/{table}", encoding="ascii") as lines:
                rows = [line.split() for line in lines][1:]
        except OSError:
            continue
        if any(row[3] == state and int(row[1].rpartition(":")[2], 16) == port for row in rows):
            return True
    return False
