#!/usr/bin/env python3
"""Passes UDP datagrams on between one client and a server, and loses, holds back or doubles those it is told to.

    relay.py ADDRESS PORT SERVER SERVER-PORT [PLAN...]

A plan is a word for a datagram, counted from 1 for each sender:

    s2-       the second of the server is lost
    c1>3      the first of the client is passed on after its third (or after half a second)
    c4*       the fourth of the client is passed on twice
"""

import re
import select
import socket
import sys

HELD = 0.5  # seconds that a datagram is held back at most


def read_plan(words):
    plan = {}
    for word in words:
        found = re.fullmatch(r"([cs])(\d+)(-|\*|>(\d+))", word)
        if found is None:
            sys.exit(f"relay.py: {word!r} is no plan")
        sender, number, what, after = found.groups()
        plan[sender, int(number)] = (what[0], int(after or 0))
    return plan


class Direction:
    """The datagrams of one sender."""

    def __init__(self, sender, plan):
        self.sender, self.plan = sender, plan
        self.count = 0
        self.held = {}  # number of the datagram to wait for: what waits for it

    def take(self, data):
        """What has to be passed on now that |data| has come."""
        self.count += 1
        what, after = self.plan.get((self.sender, self.count), ("", 0))
        out = {"": [data], "-": [], "*": [data, data], ">": []}[what]
        if what == ">":
            self.held.setdefault(after, []).append(data)
        if what:
            print(f"{self.sender}{self.count} {what}", flush=True)
        return out + self.held.pop(self.count, [])

    def release(self):
        waiting = [data for group in self.held.values() for data in group]
        self.held.clear()
        return waiting


def main():
    address, port, server, server_port, *words = sys.argv[1:]
    plan = read_plan(words)
    front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    front.bind((address, int(port)))
    back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    back.connect((server, int(server_port)))
    directions = {front: Direction("c", plan), back: Direction("s", plan)}
    client = None

    def send(receiver, datagrams):
        for data in datagrams:
            try:
                if receiver is back:
                    back.send(data)
                elif client is not None:
                    front.sendto(data, client)
            except ConnectionRefusedError:
                pass  # that end is gone; the other one will notice

    while True:
        ready = select.select([front, back], [], [], HELD)[0]
        if not ready:
            send(back, directions[front].release())
            send(front, directions[back].release())
        for receiver in ready:
            try:
                data, sender = receiver.recvfrom(65536)
            except ConnectionRefusedError:
                continue
            if receiver is front:
                client = sender
            send(back if receiver is front else front, directions[receiver].take(data))


if __name__ == "__main__":
    main()
