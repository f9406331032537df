#!/usr/bin/env python3
"""Passes UDP datagrams on between clients and a server over a bad line, the same each time for the same seed.

    weather.py ADDRESS PORT SERVER SERVER-PORT [loss=SHARE] [reorder=SHARE] [duplicate=SHARE] [delay=MS] [seed=N]

Each datagram is lost with the probability |loss|, else delayed by |delay| (in each direction); with the
probability |reorder| by 30 ms more, so that those after it come first; with |duplicate| it comes twice. Each
client has a socket of its own to the server, with the client's address: on loopback every address is here.
"""

import heapq
import itertools
import random
import select
import socket
import sys
import time

LATE = 0.03  # seconds that a datagram is later whose order changes


def main():
    address, port, server, server_port, *words = sys.argv[1:]
    chance = {"loss": 0.0, "reorder": 0.0, "duplicate": 0.0, "delay": 0.0, "seed": 1.0}
    chance.update((name, float(value)) for name, value in (word.split("=") for word in words))
    rng = random.Random(int(chance["seed"]))
    front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    front.bind((address, int(port)))
    backs, clients = {}, {}  # client's address: socket to the server, and the other way round
    waiting, order = [], itertools.count()  # (when, number, socket, data, receiver)
    passed = {"lost": 0, "doubled": 0, "late": 0, "whole": 0}
    print("ready", flush=True)

    def take(data, out, receiver):
        if rng.random() < chance["loss"]:
            passed["lost"] += 1
            return
        when = time.monotonic() + chance["delay"] / 1000
        if rng.random() < chance["reorder"]:
            passed["late"] += 1
            when += LATE
        copies = 1 + (rng.random() < chance["duplicate"])
        passed["doubled"] += copies - 1
        passed["whole"] += 1
        for _ in range(copies):
            heapq.heappush(waiting, (when, next(order), out, data, receiver))

    while True:
        pause = max(0.0, waiting[0][0] - time.monotonic()) if waiting else 1.0
        for ready in select.select([front, *backs.values()], [], [], pause)[0]:
            try:
                data, sender = ready.recvfrom(65536)
            except ConnectionRefusedError:
                continue
            if ready is not front:
                take(data, front, clients[ready])
                continue
            if sender not in backs:
                backs[sender] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                backs[sender].bind((sender[0], 0))
                backs[sender].connect((server, int(server_port)))
                clients[backs[sender]] = sender
            take(data, backs[sender], None)
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, out, data, receiver = heapq.heappop(waiting)
            try:
                out.sendto(data, receiver) if receiver else out.send(data)
            except (ConnectionRefusedError, OSError):
                pass  # that end is gone; the other one will notice
            print(f"passed {passed}", flush=True) if sum(passed.values()) % 20 == 0 else None


if __name__ == "__main__":
    main()
