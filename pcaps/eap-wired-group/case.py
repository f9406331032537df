"""PEAP between a device and the port of a switch, 802.1X, where both send to the group address."""

import importlib.util
import os


def make(lab, out):
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "eap-wired", "case.py")
    spec = importlib.util.spec_from_file_location("eap_wired", path)
    wired = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(wired)
    device = wired.authenticate(lab, out, True, "eap=PEAP", 'anonymous_identity="anonymous@home.example"',
                                'identity="bob"', 'password="not a secret"', 'phase2="auth=MSCHAPV2"')
    device.must_say(["vendor 0 method 25 (PEAP) selected"])
