"""Real DTLS servers on loopback, and those of this folder: what the probe is tried on.

Every process that is started here is ended here, by its own process id; every port is one that was free.
"""

import contextlib
import os
import random
import socket
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "pcaps"))
sys.dont_write_bytecode = True

from lab import KEY, LabError, NotInstalled, Process, listens, need, wait_for  # noqa: E402

HOST = "127.0.0.1"
IDENTITY = "device-1"
PEERS = {  # programs of tests/peers: the header and package they need, and the libraries
    "openssl_peer": ("openssl/ssl.h", "libssl-dev", ["-lssl", "-lcrypto"]),
    "mbedtls_peer": ("mbedtls/ssl.h", "libmbedtls-dev", ["-lmbedtls", "-lmbedx509", "-lmbedcrypto"]),
    "wolfssl_peer": ("wolfssl/ssl.h", "libwolfssl-dev", ["-lwolfssl"]),
}


def free_port(beside=0):
    """A UDP port that nothing listens on, nor on the |beside| ports before it (TCP neither); none that the system gives to
    others meanwhile."""
    for _ in range(100):
        port = random.randrange(10000 + beside, 32000)
        with contextlib.ExitStack() as stack:
            try:
                for number in range(port - beside, port + 1):
                    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                        stack.enter_context(socket.socket(socket.AF_INET, kind)).bind((HOST, number))
            except OSError:
                continue
            return port
    raise LabError("no free port")


class Bench:
    """Where servers run: a folder for their files and logs, removed again at the end."""

    def __enter__(self):
        self._stack = contextlib.ExitStack()
        self.scratch = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="perpass-probe-"))
        self.count = 0
        return self

    def __exit__(self, *_):
        self._stack.close()

    def file(self, name, text=None):
        path = os.path.join(self.scratch, name)
        if text is not None:
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
                out.write(text)
        return path

    @contextlib.contextmanager
    def process(self, *argv, until=None, port=None):
        """Runs |argv| as long as the with block; it is ready when it says |until| or listens on |port|,
        and at once when |until| is empty."""
        need(argv[0])
        self.count += 1
        process = Process(list(argv), self.file(f"{self.count:03}-{os.path.basename(argv[0])}.log"))
        try:
            if until != "":
                wait_for(lambda: process.ended() or (listens(process.popen.pid, port) if until is None
                                                     else until in process.log()), f"{argv[0]} to be ready")
                if process.ended():
                    raise LabError(f"{' '.join(argv)} ended: {process.log()}")
            yield process
        finally:
            process.stop()

    # Programs and files

    def peer(self, name):
        """Builds tests/peers/NAME.c."""
        header, package, libraries = PEERS[name]
        if not os.path.exists(f"/usr/include/{header}"):
            raise NotInstalled(f"{header} is not there: apt-get install {package}")
        program = self.file(name)
        if not os.path.exists(program):
            need("gcc")
            source = os.path.join(HERE, "..", "peers", f"{name}.c")
            subprocess.run(["gcc", "-std=c11", "-D_GNU_SOURCE", "-O1", "-o", program, source, *libraries], check=True)
        return program

    def certificate(self):
        cert, key = self.file("cert.pem"), self.file("key.pem")
        if not os.path.exists(cert):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-days", "30", "-subj", "/CN=server.example", "-keyout", key, "-out", cert],
                           check=True, capture_output=True)
        return cert, key

    # Servers: each is a context manager that gives the port and the process

    @contextlib.contextmanager
    def serve(self, kind, *options, beside=0):
        port = free_port(beside)
        argv, until = getattr(self, f"_{kind}")(port, list(options))
        with self.process(*argv, until=until, port=port) as process:
            yield port, process

    def _s_server(self, port, options):
        return ["openssl", "s_server", "-accept", f"{HOST}:{port}", "-dtls", "-timeout", "-nocert", "-psk", KEY,
                "-psk_identity", IDENTITY, *options], None

    def _s_server_cert(self, port, options):
        cert, key = self.certificate()
        return ["openssl", "s_server", "-accept", f"{HOST}:{port}", "-dtls", "-timeout", "-cert", cert, "-key", key,
                *options], None

    def _gnutls_serv(self, port, options):
        passwords = self.file("psk.txt", f"{IDENTITY}:{KEY}\n")
        if "--priority" not in options:
            options += ["--priority", "NORMAL:-KX-ALL:+ECDHE-PSK:+DHE-PSK:+PSK:+AES-128-CCM-8"]
        return ["gnutls-serv", "--udp", "--port", str(port), "--pskpasswd", passwords, *options], None

    def _gnutls_serv_raw(self, port, options):
        key, public = self.file("raw.key"), self.file("raw.pub")
        if not os.path.exists(public):
            for argv in (["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key],
                         ["pkey", "-in", key, "-pubout", "-out", public]):
                subprocess.run(["openssl", *argv], check=True, capture_output=True)
        return self._gnutls_serv(port, ["--rawpkkeyfile", key, "--rawpkfile", public, "--priority",
                                        "NORMAL:-CTYPE-ALL:+CTYPE-RAWPK:+ECDHE-PSK", *options])

    def _coap(self, build, port, options):
        return [f"coap-server-{build}", "-A", HOST, "-p", str(port - 1), "-v", "7", "-k", KEY, *options], None

    def _coap_openssl(self, port, options):
        return self._coap("openssl", port, options)

    def _coap_gnutls(self, port, options):
        return self._coap("gnutls", port, options)

    def _mbedtls(self, port, options):
        return [self.peer("mbedtls_peer"), "server", HOST, str(port), "--dtls", "--many", "--identity",
                IDENTITY.encode().hex(), "--psk", KEY, *options], None

    def _mbedtls_cert(self, port, options):
        cert, key = self.certificate()
        return self._mbedtls(port, ["--cert", cert, "--key", key, *options])

    def _wolfssl(self, port, options):
        if "--suite" not in options:
            options += ["--suite", "ECDHE-PSK-AES128-CBC-SHA256"]
        return [self.peer("wolfssl_peer"), "server", HOST, str(port), "--many", "--identity", IDENTITY, "--psk", KEY,
                *options], None

    def _openssl(self, port, options):
        if "--suites" not in options:
            options += ["--suites", "kECDHEPSK:kDHEPSK:kPSK"]
        return [self.peer("openssl_peer"), HOST, str(port), "--identity", IDENTITY, "--psk", KEY, *options], None

    def _script(self, name, port, options):
        return [sys.executable, "-B", os.path.join(HERE, name), HOST, str(port), *options], "ready"

    def _own12(self, port, options):
        return self._script("dtls12_server.py", port, options)

    def _own13(self, port, options):
        return self._script("dtls13_server.py", port, options)

    def _mischief(self, port, options):
        return self._script("mischief.py", port, options)

    def weather(self, target, *options):
        """A bad line before the server on the port |target|."""
        return self.serve("weather", HOST, str(target), *options)

    def _weather(self, port, options):
        return self._script("weather.py", port, options)
