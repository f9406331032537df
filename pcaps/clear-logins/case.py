"""Logins in clear: FTP (a user, and anonymous), Telnet, SNMP 1, 2c and 3 (pyftpdlib, inetutils, Net-SNMP)."""

import os

FTP = """
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer
import sys
users = DummyAuthorizer()
users.add_user("anna", "perpass", sys.argv[1])
users.add_anonymous(sys.argv[1])
FTPHandler.authorizer = users
FTPServer(("192.0.2.1", int(sys.argv[2])), FTPHandler).serve_forever()
"""
TELNET = """
import socket, subprocess, sys
listener = socket.create_server(("192.0.2.1", 23))
while True:
    connection, _ = listener.accept()
    with connection:
        subprocess.run(["/usr/sbin/telnetd", "-h", "-E", sys.argv[1]], stdin=connection, stdout=connection)
"""
LOGIN = """#!/bin/sh
printf 'device login: '; read name
stty -echo; printf 'Password: '; read password; stty echo
printf '\\nin as %s\\n' "$name"
"""
SNMPD = """agentAddress udp:192.0.2.1:161
rocommunity perpass-example
rocommunity public
createUser anna SHA perpass-auth AES perpass-priv
rouser anna priv
rouser anna auth
sysName device.example
"""


def write(lab, name, text, mode=0o644):
    path = lab.scratch_file(name)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    os.chmod(path, mode)
    return path


def run(lab, *argv, says=()):
    client = lab.start(lab.client_ns, *argv)
    client.close_input()
    client.finish()
    client.must_say(says)


def telnet(lab):
    client = lab.start(lab.client_ns, "telnet", "192.0.2.1")
    assert client.wait_for("login: ")
    client.write("anna\n")
    assert client.wait_for("Password: ")
    client.write("perpass\n")
    assert client.wait_for("in as anna")
    client.finish()


def make(lab, out):
    root = lab.scratch_file("root")
    os.makedirs(root)
    with open(os.path.join(root, "page"), "w", encoding="utf-8") as file:
        file.write("nothing of an install\n")
    login = write(lab, "login", LOGIN, 0o755)
    conf = write(lab, "snmpd.conf", SNMPD)
    os.environ["SNMP_PERSISTENT_DIR"] = lab.scratch

    def curl(user, port):
        run(lab, "curl", "-sS", "-o", lab.scratch_file("got"), "-u", user, f"ftp://192.0.2.1:{port}/page")

    def get(*options):
        run(lab, "snmpget", "-r", "0", "-t", "10", *options, "192.0.2.1", "1.3.6.1.2.1.1.5.0", says=["device.example"])

    python = ("/usr/bin/python3", "-c")  # Debian's, which has pyftpdlib
    three = ("-v", "3", "-u", "anna", "-a", "SHA", "-A", "perpass-auth")
    with lab.serving(21, *python, FTP, root, "21"), lab.serving(2121, *python, FTP, root, "2121"), \
            lab.serving(23, *python, TELNET, login), \
            lab.serving(161, "snmpd", "-f", "-C", "-c", conf, "-Lo"), \
            lab.capture(f"{out}/capture.pcap", "tcp port 21 or tcp port 2121 or tcp port 23 or udp port 161"):
        curl("anna:perpass", 21)
        curl("anonymous:guest@client.example", 2121)
        telnet(lab)
        get("-v", "1", "-c", "public")
        get("-v", "2c", "-c", "perpass-example")
        get(*three, "-l", "authNoPriv")
        get(*three, "-l", "authPriv", "-x", "AES", "-X", "perpass-priv")
