"""Keys and record protection of DTLS 1.2 with pre-shared keys, for dtls12_server.py.

RFC 5246 sections 5 and 6, RFC 4279, 5489, 6655, 7366 (encrypt-then-MAC), 7627 (extended master secret),
7905, 9146 (connection ids); truncated_hmac of RFC 6066 section 7.
"""

import hashlib
import hmac
import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305

from dtls_wire import TLS12_CID, u16s, vec16


class BadRecord(Exception):
    """A record that was not protected with these keys."""


# code point: name, key exchange, cipher, bytes of the key
SUITES = {
    0xC0A8: ("PSK_AES_128_CCM_8", "psk", "ccm8", 16),
    0xC0A4: ("PSK_AES_128_CCM", "psk", "ccm", 16),
    0x00A8: ("PSK_AES_128_GCM_SHA256", "psk", "gcm", 16),
    0x00AE: ("PSK_AES_128_CBC_SHA256", "psk", "cbc", 16),
    0xCCAB: ("PSK_CHACHA20_POLY1305", "psk", "chacha", 32),
    0x00AA: ("DHE_PSK_AES_128_GCM_SHA256", "dhe", "gcm", 16),
    0xC0A6: ("DHE_PSK_AES_128_CCM", "dhe", "ccm", 16),
    0xD003: ("ECDHE_PSK_AES_128_CCM_8", "ecdhe", "ccm8", 16),
    0xD005: ("ECDHE_PSK_AES_128_CCM", "ecdhe", "ccm", 16),
    0xD001: ("ECDHE_PSK_AES_128_GCM_SHA256", "ecdhe", "gcm", 16),
    0xC037: ("ECDHE_PSK_AES_128_CBC_SHA256", "ecdhe", "cbc", 16),
    0xCCAC: ("ECDHE_PSK_CHACHA20_POLY1305", "ecdhe", "chacha", 32),
}


def prf(secret, label, seed, length):
    """The PRF of TLS 1.2 with SHA-256."""
    out, a = b"", label + seed
    while len(out) < length:
        a = hmac.digest(secret, a, "sha256")
        out += hmac.digest(secret, a + label + seed, "sha256")
    return out[:length]


def premaster(psk, shared=None):
    return vec16(bytes(len(psk)) if shared is None else shared) + vec16(psk)


def master_secret(secret, client_random, server_random):
    return prf(secret, b"master secret", client_random + server_random, 48)


def extended_master_secret(secret, transcript):
    return prf(secret, b"extended master secret", hashlib.sha256(transcript).digest(), 48)


def verify_data(master, sender, transcript):
    return prf(master, sender + b" finished", hashlib.sha256(transcript).digest(), 12)


class Aead:
    """GCM, CCM and ChaCha20-Poly1305."""

    def __init__(self, cipher, key, iv):
        self.explicit = cipher != "chacha"
        self.iv = iv
        self.box = {"gcm": AESGCM, "chacha": ChaCha20Poly1305, "ccm": AESCCM,
                    "ccm8": lambda k: AESCCM(k, tag_length=8)}[cipher](key)
        self.tag = 8 if cipher == "ccm8" else 16

    def _nonce(self, sequence):
        if self.explicit:
            return self.iv + sequence
        return bytes(a ^ b for a, b in zip(self.iv, bytes(4) + sequence))

    def seal(self, sequence, aad_of, plain):
        sealed = self.box.encrypt(self._nonce(sequence), plain, aad_of(len(plain)))
        return (sequence if self.explicit else b"") + sealed

    def open(self, sequence, aad_of, body):
        if self.explicit:
            sequence, body = body[:8], body[8:]
        if len(body) < self.tag:
            raise BadRecord()
        try:
            return self.box.decrypt(self._nonce(sequence), body, aad_of(len(body) - self.tag))
        except InvalidTag as error:
            raise BadRecord() from error


class Cbc:
    """AES-CBC and HMAC-SHA256: the MAC within, or around it (encrypt-then-MAC)."""

    def __init__(self, key, mac_key, outside, mac_len):
        self.key, self.mac_key, self.outside, self.mac_len = key, mac_key, outside, mac_len

    def _mac(self, aad, data):
        return hmac.digest(self.mac_key, aad + data, "sha256")[: self.mac_len]

    def seal(self, _sequence, aad_of, plain):
        if not self.outside:
            plain += self._mac(aad_of(len(plain)), plain)
        pad = 15 - len(plain) % 16
        iv = os.urandom(16)
        cbc = Cipher(algorithms.AES(self.key), modes.CBC(iv)).encryptor()
        body = iv + cbc.update(plain + bytes([pad] * (pad + 1))) + cbc.finalize()
        return body + self._mac(aad_of(len(body)), body) if self.outside else body

    def open(self, _sequence, aad_of, body):
        if self.outside:
            body, mac = body[: -self.mac_len], body[-self.mac_len :]
            if not hmac.compare_digest(mac, self._mac(aad_of(len(body)), body)):
                raise BadRecord()
        if len(body) < 32 or len(body) % 16 != 0:
            raise BadRecord()
        cbc = Cipher(algorithms.AES(self.key), modes.CBC(body[:16])).decryptor()
        plain = cbc.update(body[16:]) + cbc.finalize()
        pad = plain[-1] + 1
        if plain[-pad:] != bytes([pad - 1] * pad):
            raise BadRecord()
        plain = plain[:-pad]
        if self.outside:
            return plain
        plain, mac = plain[: -self.mac_len], plain[-self.mac_len :]
        if not hmac.compare_digest(mac, self._mac(aad_of(len(plain)), plain)):
            raise BadRecord()
        return plain


def protections(suite, master, client_random, server_random, encrypt_then_mac, mac_len):
    """What the client writes with, and what the server writes with."""
    _, _, cipher, key_len = SUITES[suite]
    mac_key_len = 32 if cipher == "cbc" else 0
    iv_len = {"cbc": 0, "chacha": 12}.get(cipher, 4)
    block = prf(master, b"key expansion", server_random + client_random, 2 * (mac_key_len + key_len + iv_len))
    cut = []
    for length in (mac_key_len, mac_key_len, key_len, key_len, iv_len, iv_len):
        cut.append(block[:length])
        block = block[length:]
    if cipher == "cbc":
        return tuple(Cbc(cut[2 + i], cut[i], encrypt_then_mac, mac_len) for i in (0, 1))
    return tuple(Aead(cipher, cut[2 + i], cut[4 + i]) for i in (0, 1))


def aad(sequence, kind, version, cid=None):
    """The additional data of a record, as a function of the length of its content (RFC 9146 section 5.3 with a cid)."""
    if cid is None:
        return lambda length: sequence + bytes([kind]) + u16s(version, length)
    head = bytes([0xFF] * 8 + [TLS12_CID, len(cid), TLS12_CID]) + u16s(version) + sequence + cid
    return lambda length: head + struct.pack("!H", length)
