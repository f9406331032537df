"""Servers that go over to TLS, one for each protocol: what they say in clear is written down, TLS is Python's.

    python3 server.py ADDRESS CERTIFICATE KEY

Prints a line for each session: the protocol, what the client said in clear, and the version of TLS.
"""

import socket
import ssl
import sys
import threading

XMPP = (b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
        b"id='1' from='server.example' version='1.0'><stream:features>"
        b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'></starttls></stream:features>")
MYSQL = (b"\x0a8.0.0-example\0" + bytes(4) + b"saltsalt\0" + b"\xff\xff\x21\x02\x00\xff\xc1\x15" + bytes(10)
         + b"saltsaltsalt\0mysql_native_password\0")
LDAP = bytes.fromhex("300c02010178070a010004000400")

# port: protocol, greeting, then what the client has to say and what it hears; behind the last one TLS begins
DIALOGUES = {
    25: ("smtp", b"220 mx.example ESMTP\r\n",
         [(b"EHLO", b"250-mx.example\r\n250-SIZE 1000\r\n250 STARTTLS\r\n"), (b"STARTTLS", b"220 go on\r\n")]),
    110: ("pop3", b"+OK pop.example\r\n", [(b"STLS", b"+OK begin\r\n")]),
    143: ("imap", b"* OK imap.example\r\n",
          [(b"CAPABILITY", b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n. OK done\r\n"),
           (b"STARTTLS", b". OK begin\r\n")]),
    21: ("ftp", b"220 ftp.example\r\n", [(b"AUTH TLS", b"234 begin\r\n")]),
    5222: ("xmpp", b"", [(b"<stream:stream", XMPP),
                         (b"<starttls", b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")]),
    389: ("ldap", b"", [(b"1.3.6.1.4.1.1466.20037", LDAP)]),
    119: ("nntp", b"200 news.example\r\n",
          [(b"CAPABILITIES", b"101 list\r\nVERSION 2\r\nREADER\r\nSTARTTLS\r\n.\r\n"), (b"STARTTLS", b"382 begin\r\n")]),
    6667: ("irc", b"", [(b"STARTTLS", b":irc.example 670 * :STARTTLS successful\r\n")]),
    4190: ("sieve", b"\"IMPLEMENTATION\" \"example\"\r\n\"STARTTLS\"\r\nOK\r\n", [(b"STARTTLS", b"OK begin\r\n")]),
    5432: ("postgres", b"", [(bytes.fromhex("0000000804d2162f"), b"S")]),
    3306: ("mysql", len(MYSQL).to_bytes(3, "little") + b"\0" + MYSQL, [(b"\x21" + bytes(23), b"")]),
    3128: ("proxy", b"", [(b"\r\n\r\n", b"HTTP/1.0 200 Connection established\r\n\r\n")]),
}


def serve(connection, name, greeting, steps, context):
    heard = b""
    connection.sendall(greeting)
    for wanted, answer in steps:
        said = b""
        while wanted not in said:
            # who hears no answer begins TLS at once: its hello must not be read as well
            more = connection.recv(4096 if answer else 1)
            if not more:
                return
            said += more
        heard += said
        connection.sendall(answer)
    with context.wrap_socket(connection, server_side=True) as secure:
        print(f"{name}: {heard!r} then {secure.version()}", flush=True)
        secure.recv(100)


def listen(address, port, context):
    listener = socket.create_server((address, port))
    while True:
        connection, _ = listener.accept()
        with connection:
            serve(connection, *DIALOGUES[port], context)


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    for port in DIALOGUES:
        threading.Thread(target=listen, args=(sys.argv[1], port, context), daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
