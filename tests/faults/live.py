"""What faults of perpass monitor are tried on: an interface that captures are sent to, and a socket that takes events.

Needs root, iproute2, and the environment's VETH_SENDER; otherwise missing() says so.
"""
import collections
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
sys.dont_write_bytecode = True

import monitor_test  # noqa: E402

INTERFACE = "far"


def missing():
    if os.geteuid() != 0 or "VETH_SENDER" not in os.environ or shutil.which("ip") is None:
        return "it needs root, iproute2, and VETH_SENDER"
    return None


@contextlib.contextmanager
def namespace():
    """gives what a command begins with to be run where the interface is"""
    monitor_test.make_namespace()
    try:
        yield monitor_test.inside()
    finally:
        monitor_test.remove_namespace()


class Listener:
    """Takes what is sent to a Unix socket; |received| has it."""

    def __init__(self, path):
        self.received = bytearray()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        self.socket.listen()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def end(self):
        """when all that was sent is there"""
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                with connection:
                    while piece := connection.recv(1 << 16):
                        self.received += piece


class Wire:
    """Sends captures to the interface when the monitor, which writes |metrics|, is ready."""

    def __init__(self, captures):
        self.captures = captures
        self.frames = sum(monitor_test.frames_in(pathlib.Path(path)) for path in captures)

    def wait(self, process, path, seconds):
        """until the file is there; false when the process has ended"""
        end = time.monotonic() + seconds
        while not path.exists() and time.monotonic() < end and os.path.exists(f"/proc/{process}"):
            time.sleep(0.005)
        return os.path.exists(f"/proc/{process}")

    def feed(self, process, folder):
        for path in self.captures if self.wait(process, folder / "metrics", 20) else []:
            monitor_test.send(path)  # else the next process would get it

    def feed_and_serve(self, process, folder):
        """until a report was made while it runs; with signals that it has to answer"""
        self.feed(process, folder)
        time.sleep(0.3)  # until blocks of the ring are handed over
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGUSR1)
            os.kill(process, signal.SIGHUP)
            self.wait(process, folder / "report.json", 3)
            os.kill(process, signal.SIGTERM)


def told_of(outputs):
    """What outputs tell without what differs from run to run: times."""
    told = {name: None for name in outputs}
    if "report.json" in outputs:
        report = json.loads(outputs["report.json"])
        told["report.json"] = (monitor_test.findings_of(outputs["report.json"]), report["inputs"][0]["frames"])
    if "events.ndjson" in outputs:
        events = [json.loads(line) for line in outputs["events.ndjson"].splitlines()]
        told["events.ndjson"] = collections.Counter(
            (event["event"]["dataset"], event.get("rule", {}).get("name")) for event in events
            if event["event"]["dataset"] != "perpass.stats")
    if "metrics" in outputs:
        told["metrics"] = [line.split(b" ")[0] for line in outputs["metrics"].splitlines() if not line.startswith(b"#")]
    return told
