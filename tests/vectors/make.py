"""Makes the test vectors of the vault's format.

    python3 -m venv venv && venv/bin/pip install -r requirements.txt && venv/bin/python make.py

This is a second implementation, written from the description of the format and sharing no code with
the first. It seals, and it also opens: a vector is only written if this file's own reader comes to
the outcome that the vector expects. Run again, it writes the same bytes: whatever looks random is
drawn from a generator seeded with the name of its box, so that adding one changes no other.

The files are frozen: a vector that was in a release never changes, because rows like it exist. New
ones may be added. A file that would change is only overwritten with --force; look at the
difference first.

A vector that shows damage refers to a whole box by name and says what was done to it: `keep` cuts it
to a length, `flip` inverts bits of the byte `at` an offset, `append` adds bytes; in this order. A
large box is not stored: `build` says how to make it, and the hash that it must then have.
"""

import json
import random
import re
import struct
import sys
from pathlib import Path

from argon2.low_level import Type, hash_secret_raw
from blake3 import blake3
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt as aead_open,
    crypto_aead_xchacha20poly1305_ietf_encrypt as aead_seal,
)
from nacl.exceptions import CryptoError

HERE = Path(__file__).parent
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
NUMBERS = 36**6
SECRET_BUCKET = 1024
RECEIPT_BUCKET = 64


# The format.


def derive(name, *parts):
    data = b"".join(struct.pack("<I", len(part)) + part for part in parts)
    return blake3(data, derive_key_context=f"tellonce 2026-11 {name} v1").digest()


def padme(length):
    """Nikitin et al., section 4: E = floor(log2 L), S = floor(log2 E) + 1, E - S low bits zero."""
    exponent = length.bit_length() - 1
    step = 1 << max(exponent - exponent.bit_length(), 0)
    return -(-length // step) * step


def bucket(content, smallest):
    return max(padme(4 + content), smallest)


def pad(content, smallest):
    return (struct.pack("<I", len(content)) + content).ljust(bucket(len(content), smallest), b"\0")


def associated(name, key_id, lookup, expires_at):
    return f"tellonce 2026-11 {name} v1".encode() + struct.pack("<q16sq", key_id, lookup, expires_at)


def seal(key, nonce, aad, padded):
    return b"\1" + nonce + aead_seal(padded, aad, nonce, key)


def stretch(passphrase, salt, m, t, p):
    return hash_secret_raw(passphrase, salt, t, m, p, 32, Type.ID, 19)


def mask(constant, characters):
    return int.from_bytes(derive("mask", constant, characters.encode())[:8], "little") % NUMBERS


def make_identifier(constant, characters, number):
    masked = (number + mask(constant, characters)) % NUMBERS
    tail = ""
    for _ in range(6):
        masked, digit = divmod(masked, 36)
        tail = ALPHABET[digit] + tail
    return characters + tail


def number_of(constant, identifier):
    masked = 0
    for character in identifier[25:]:
        masked = masked * 36 + ALPHABET.index(character)
    return (masked - mask(constant, identifier[:25])) % NUMBERS


def lookup_of(kind, constant, identifier):
    hashed = derive(f"lookup {kind}", identifier.encode())[:12]
    return struct.pack(">I", number_of(constant, identifier)) + hashed


def encode_list(texts):
    return struct.pack("<H", len(texts)) + b"".join(struct.pack("<H", len(text)) + text for text in texts)


def encode_receipt(secret, memo, recipients):
    memos = [] if memo is None else [memo.encode()]
    return secret.encode() + encode_list(memos) + encode_list([text.encode() for text in recipients])


# A reader of its own, which every vector must satisfy before it is written.


class Failed(Exception):
    pass


def take(ok, outcome):
    if not ok:
        raise Failed(outcome)


def text_bytes(text):
    return (text if isinstance(text, str) else text["pattern"] * text["times"]).encode()


def read_box(boxes, sealed):
    if "build" in sealed:
        build = sealed["build"]
        padded = pad(text_bytes(build["content"]), build["padded"])
        box = seal(*(bytes.fromhex(build[name]) for name in ("key", "nonce", "associated")), padded)
        assert len(padded) == build["padded"] and blake3(box).hexdigest() == build["blake3"]
    else:
        box = bytes.fromhex(boxes[sealed["box"]])
    box = bytearray(box[: sealed.get("keep", len(box))])
    if "flip" in sealed:
        assert sealed["flip"]["bits"] != 0
        box[sealed["flip"]["at"]] ^= sealed["flip"]["bits"]
    return bytes(box) + bytes.fromhex(sealed.get("append", ""))


def open_box(key, aad, box, smallest):
    take(len(box) >= 41 and box[0] == 1, "damaged")
    try:
        padded = aead_open(box[25:], aad, box[1:25], key)
    except CryptoError:
        raise Failed("damaged") from None
    take(len(padded) >= 4, "damaged")
    (length,) = struct.unpack_from("<I", padded)
    take(length <= len(padded) - 4, "damaged")
    content = padded[4 : 4 + length]
    take(padded == pad(content, smallest), "damaged")
    return content


def is_identifier(text):
    return re.fullmatch("[a-z0-9]{31}", text, re.ASCII) is not None


def decode(content):
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Failed("damaged") from None


def read_secret(vector, boxes):
    take(is_identifier(vector["id"]), "refused")
    key = b""
    if protection := vector.get("passphrase"):
        passphrase = text_bytes(protection["text"])
        take(1 <= len(passphrase) <= 1024, "refused")
        m, t, p = (protection[name] for name in "mtp")
        take(1 <= p <= 4 and 8 * p <= m <= 262144 and 1 <= t <= 16, "damaged")
        key = stretch(passphrase, bytes.fromhex(protection["salt"]), m, t, p)
    keys = [bytes.fromhex(row["key"]) for row in vector["ring"] if row["id"] == vector["key_id"]]
    take(keys, "key_missing")
    parts = [keys[0], vector["id"].encode(), bytes.fromhex(vector["share"]), key]
    right = derive("check", *parts)[:16].hex() == vector["check"]
    take(right, "wrong_passphrase" if protection else "damaged")
    aad = associated("secret", vector["key_id"], bytes.fromhex(vector["lookup"]), vector["expires_at"])
    content = open_box(derive("secret", *parts), aad, read_box(boxes, vector["sealed"]), SECRET_BUCKET)
    take(content, "damaged")
    decode(content)
    assert content == text_bytes(vector.get("plaintext", "")), vector["name"]
    if "mask_constant" in vector:
        constant = bytes.fromhex(vector["mask_constant"])
        assert lookup_of("secret", constant, vector["id"]).hex() == vector["lookup"]
    return "opens"


def read_list(content):
    texts = []
    take(len(content) >= 2, "damaged")
    (count,), rest = struct.unpack_from("<H", content), content[2:]
    for _ in range(count):
        take(len(rest) >= 2, "damaged")
        (length,) = struct.unpack_from("<H", rest)
        take(len(rest) >= 2 + length, "damaged")
        texts.append(decode(rest[2 : 2 + length]))
        rest = rest[2 + length :]
    return texts, rest


def read_receipt(vector, boxes):
    take(is_identifier(vector["id"]), "refused")
    aad = associated("receipt", 0, bytes.fromhex(vector["lookup"]), vector["expires_at"])
    content = open_box(derive("receipt", vector["id"].encode()), aad, read_box(boxes, vector["sealed"]), RECEIPT_BUCKET)
    take(len(content) >= 31, "damaged")
    secret = decode(content[:31])
    take(is_identifier(secret), "damaged")
    memos, rest = read_list(content[31:])
    recipients, rest = read_list(rest)
    take(not rest and len(memos) <= 1, "damaged")
    memo = memos[0] if memos else None
    expected = vector["content"]
    assert expected == {"secret": secret, "memo": memo, "recipients": recipients}, vector["name"]
    if "mask_constant" in vector:
        constant = bytes.fromhex(vector["mask_constant"])
        assert lookup_of("receipt", constant, vector["id"]).hex() == vector["lookup"]
    return "opens"


def read_lookup(vector, _):
    take(is_identifier(vector["id"]), "refused")
    constant = bytes.fromhex(vector["mask_constant"])
    found = lookup_of(vector["of"], constant, vector["id"]).hex() == vector["lookup"]
    return "found" if found else "not_found"


def read_key(vector, _):
    take(re.fullmatch("[0-9a-fA-F]{64}", vector["text"], re.ASCII), "refused")
    root = bytes.fromhex(vector["text"])
    take(len(set(root)) > 1, "refused")
    matches = derive("fingerprint", root)[:16].hex() == vector["fingerprint"]
    return "accepted" if matches else "other_key"


def read_size(vector, _):
    assert bucket(vector["bytes"], SECRET_BUCKET) == vector["padded"], vector["name"]
    return "padded"


READERS = {
    "secret": read_secret,
    "receipt": read_receipt,
    "lookup": read_lookup,
    "key": read_key,
    "size": read_size,
}


# Making rows.


class File:
    """Vectors, and the boxes they refer to."""

    def __init__(self, kind):
        self.kind = kind
        self.boxes = {}
        self.vectors = []

    def add(self, name, vector, expect, **changes):
        vector = {"kind": self.kind, "name": name} | vector | changes | {"expect": expect}
        if expect not in ("opens", "found", "accepted", "padded"):
            for answer in ("plaintext", "content", "mask_constant" if "sealed" in vector else None):
                vector.pop(answer, None)
        try:
            outcome = READERS[self.kind](vector, self.boxes)
        except Failed as failure:
            outcome = str(failure)
        assert outcome == expect, f"{name}: {outcome}, not {expect}"
        self.vectors.append({key: value for key, value in vector.items() if value is not None})

    def damage(self, box, **damage):
        return {"sealed": {"box": box} | damage}


def drawn(name):
    return random.Random(f"tellonce vectors: {name}")


def identifier(rng, constant, number):
    return make_identifier(constant, "".join(rng.choices(ALPHABET, k=25)), number)


def flip(text, at=0, bits=1):
    data = bytearray.fromhex(text)
    data[at] ^= bits
    return data.hex()


CONSTANT = drawn("mask constant").randbytes(32)
OTHER_CONSTANT = drawn("other mask constant").randbytes(32)
ROOTS = {number: drawn(f"root key {number}").randbytes(32) for number in (1, 2, 3)}
NUMBER = 30_000_000
EXPIRES = 1_800_604_800
CHEAP = {"m": 32, "t": 1, "p": 1}
DEFAULT = {"m": 19456, "t": 2, "p": 1}


def ring(*rows):
    """Newest first; a row is an id, or an id and the root key that stands there."""
    rows = [row if isinstance(row, tuple) else (row, ROOTS[row]) for row in rows]
    return [{"id": number, "key": root.hex()} for number, root in rows]


def protect(rng, text, cost):
    return {"text": text, "salt": rng.randbytes(16).hex()} | cost


def secret(
    file,
    box,
    text,
    *,
    passphrase=None,
    cost=CHEAP,
    key_id=1,
    root=None,
    keys=None,
    number=NUMBER,
    expires_at=EXPIRES,
    content=None,
    padded=None,
    key_name="secret",
    key=None,
    aad=None,
):
    """Seals a row. What follows `expires_at` makes a box that no honest writer would."""
    rng = drawn(box)
    name = identifier(rng, CONSTANT, number)
    share, nonce = rng.randbytes(32), rng.randbytes(24)
    protection = passphrase and protect(rng, passphrase, cost)
    stretched = b""
    if protection:
        salt = bytes.fromhex(protection["salt"])
        stretched = stretch(text_bytes(passphrase), salt, cost["m"], cost["t"], cost["p"])
    parts = [root or ROOTS[key_id], name.encode(), share, stretched]
    lookup = lookup_of("secret", CONSTANT, name)
    key = (key or derive)(key_name, *parts)
    aad = associated("secret", key_id, lookup, expires_at) if aad is None else aad(key_id, lookup, expires_at)
    padded = pad(text_bytes(text) if content is None else content, SECRET_BUCKET) if padded is None else padded
    sealed = seal(key, nonce, aad, padded)
    if len(sealed) <= 8192:
        file.boxes[box] = sealed.hex()
        reference = {"box": box}
    else:
        build = {"key": key.hex(), "nonce": nonce.hex(), "associated": aad.hex()}
        build |= {"content": text, "padded": len(padded), "blake3": blake3(sealed).hexdigest()}
        reference = {"build": build}
    return {
        "ring": keys or ring((key_id, root or ROOTS[key_id])),
        "mask_constant": CONSTANT.hex(),
        "id": name,
        "share": share.hex(),
        "passphrase": protection,
        "key_id": key_id,
        "lookup": lookup.hex(),
        "expires_at": expires_at,
        "check": derive("check", *parts)[:16].hex(),
        "sealed": reference,
        "plaintext": text,
    }


def receipt(
    file, box, memo=None, recipients=(), *, number=NUMBER, expires_at=EXPIRES + 604_800, content=None,
    padded=None, key_name="receipt", key=None, aad=None,
):
    rng = drawn(box)
    name, shared = identifier(rng, CONSTANT, number), identifier(rng, CONSTANT, number)
    lookup = lookup_of("receipt", CONSTANT, name)
    content = encode_receipt(shared, memo, recipients) if content is None else content(shared.encode())
    padded = pad(content, RECEIPT_BUCKET) if padded is None else padded
    key = (key or derive)(key_name, name.encode())
    aad = associated("receipt", 0, lookup, expires_at) if aad is None else aad(lookup, expires_at)
    file.boxes[box] = seal(key, rng.randbytes(24), aad, padded).hex()
    return {
        "mask_constant": CONSTANT.hex(),
        "id": name,
        "lookup": lookup.hex(),
        "expires_at": expires_at,
        "sealed": {"box": box},
        "content": {"secret": shared, "memo": memo, "recipients": list(recipients)},
    }


def unprefixed(name, *parts):
    return blake3(b"".join(parts), derive_key_context=f"tellonce 2026-11 {name} v1").digest()


def plain_hash(name, *parts):
    return blake3(b"".join(struct.pack("<I", len(part)) + part for part in parts)).digest()


# What is done to every kind of box.


def spoil(file, row, box, what):
    size = len(bytes.fromhex(file.boxes[box]))
    regions = {
        "the version": (0, 0x80),
        "the first byte of the nonce": (1, 0x01),
        "the sixteenth byte of the nonce, the last that makes the subkey": (16, 0x10),
        "the seventeenth byte of the nonce": (17, 0x80),
        "the last byte of the nonce": (24, 0x01),
        "the first byte of the ciphertext, which hides the length": (25, 0x01),
        "the fifth byte of the ciphertext, the first of the content": (29, 0x20),
        "the middle of the ciphertext": (size // 2, 0x04),
        "the last byte of the ciphertext, which is padding": (size - 17, 0x80),
        "the first byte of the tag": (size - 16, 0x01),
        "the last byte of the tag": (size - 1, 0x80),
    }
    for region, (at, bits) in regions.items():
        damage = file.damage(box, flip={"at": at, "bits": bits})
        file.add(f"{what} with a bit flipped in {region} is damaged.", row, "damaged", **damage)
    for version in (0, 2, 0x31, 255):
        damage = file.damage(box, flip={"at": 0, "bits": 1 ^ version})
        file.add(f"{what} of version {version} is damaged.", row, "damaged", **damage)
    for keep in (0, 1, 24, 25, 29, 40, 41, 42, 45, size // 2, size - 17, size - 16, size - 1):
        damage = file.damage(box, keep=keep)
        file.add(f"{what} cut to {keep} of its {size} bytes is damaged.", row, "damaged", **damage)
    for name, more in {"a zero byte": "00", "a newline": "0a", "its own tag": file.boxes[box][-32:]}.items():
        damage = file.damage(box, append=more)
        file.add(f"{what} with {name} appended is damaged.", row, "damaged", **damage)


# The vectors.


def secrets():
    file = File("secret")
    text = "correct horse battery staple"
    plain = secret(file, "plain", text)
    file.add("A secret without a passphrase opens.", plain, "opens")
    file.add("A secret of one byte opens.", secret(file, "one byte", "x"), "opens")
    for size in (1020, 1021):
        edge = secret(file, f"{size} bytes", ("0123456789" * 103)[:size])
        fits = "fills the smallest bucket" if size == 1020 else "begins the next bucket"
        file.add(f"A secret of {size} bytes, which {fits}, opens.", edge, "opens")
    large = secret(file, "large", {"pattern": "One of a thousand lines\r\n", "times": 40_000})
    file.add("A secret of a million bytes opens.", large, "opens")
    unicode = secret(file, "unicode", "Grüße, \u65e5\u672c\u8a9e, \u05e9\u05dc\u05d5\u05dd, \U0001f511, e\u0301")
    file.add("A secret of many scripts opens, byte for byte.", unicode, "opens")
    untrimmed = secret(file, "untrimmed", "\ufeff \t a line\r\nand another\0\0 \n\n")
    file.add("A byte order mark, blanks and zero bytes around a secret are part of it.", untrimmed, "opens")
    for number in (2, 256, 2**40 + 1, 2**63 - 1):
        row = secret(file, f"key id {number}", text, key_id=number, root=ROOTS[1])
        file.add(f"A secret sealed under the key with id {number} opens.", row, "opens")
    older = secret(file, "older key", text, key_id=1, keys=ring(3, 2, 1))
    file.add("A secret sealed under the oldest of three keys opens.", older, "opens")
    for name, expires_at in {"the epoch": 0, "before the epoch": -1, "the end of time": 2**63 - 1}.items():
        row = secret(file, f"expiry {expires_at}", text, expires_at=expires_at)
        file.add(f"A secret whose expiry is {name} opens, since the vault knows no clock.", row, "opens")
    for name, number in {"first": 0, "last": NUMBERS - 1}.items():
        row = secret(file, f"{name} number", text, number=number)
        file.add(f"A secret with the {name} number opens.", row, "opens")

    spoil(file, plain, "plain", "A box")
    flipped = {"sealed": large["sealed"] | {"flip": {"at": 500_000, "bits": 1}}}
    file.add("A large box with a bit flipped in the middle is damaged.", large, "damaged", **flipped)
    cut = {"sealed": large["sealed"] | {"keep": 65_536}}
    file.add("A large box cut to its first 64 KiB is damaged.", large, "damaged", **cut)

    for at, place in {0: "first", 15: "last"}.items():
        check = flip(plain["check"], at)
        file.add(f"A bit flipped in the {place} byte of the check value shows as damage.", plain, "damaged", check=check)
    for at, place in {0: "first", 31: "last"}.items():
        share = flip(plain["share"], at)
        file.add(f"A bit flipped in the {place} byte of the share shows as damage.", plain, "damaged", share=share)
    file.add("A share overwritten with zeros opens nothing.", plain, "damaged", share="00" * 32)
    other = secret(file, "other", "another secret")
    file.add("The share of another secret opens nothing.", plain, "damaged", share=other["share"])
    file.add("The identifier of another secret opens nothing.", plain, "damaged", id=other["id"])
    changed = plain["id"][:30] + ALPHABET[(ALPHABET.index(plain["id"][30]) + 1) % 36]
    file.add("An identifier that differs in its last character opens nothing.", plain, "damaged", id=changed)
    swapped = plain["id"][1] + plain["id"][0] + plain["id"][2:]
    assert swapped != plain["id"]
    file.add("An identifier with two characters swapped opens nothing.", plain, "damaged", id=swapped)
    file.add("The check value of another secret shows as damage.", plain, "damaged", check=other["check"])
    whole = {"id": other["id"], "share": other["share"], "check": other["check"]}
    file.add("A box in another secret's row is damaged though the check value matches.", plain, "damaged", **whole)
    row = {"lookup": other["lookup"]} | whole
    file.add("A box moved whole into another secret's row is damaged.", plain, "damaged", **row)

    file.add("A secret whose key is not in the ring is missing its key.", plain, "key_missing", ring=ring(2))
    file.add("A key id that no key has is missing its key.", plain, "key_missing", key_id=7)
    file.add("The key id that stands for no key is missing its key.", plain, "key_missing", key_id=0)
    file.add("A negative key id is missing its key.", plain, "key_missing", key_id=-1)
    missing = {"ring": ring(2), "sealed": {"box": "plain", "keep": 0}}
    file.add("A missing key is told before damage.", plain, "key_missing", **missing)
    file.add("Another key under the same id shows as damage.", plain, "damaged", ring=ring((1, ROOTS[2])))
    file.add("The id of another key of the ring shows as damage.", plain, "damaged", key_id=2, ring=ring(2, 1))
    renumbered = {"key_id": 2, "ring": ring((2, ROOTS[1]))}
    file.add("The right key under another id shows as damage.", plain, "damaged", **renumbered)
    file.add("A root key with a bit flipped shows as damage.", plain, "damaged",
             ring=ring((1, bytes.fromhex(flip(ROOTS[1].hex(), 31)))))

    file.add("A box given another lookup is damaged.", plain, "damaged", lookup=other["lookup"])
    file.add("A box whose lookup has another number is damaged.", plain, "damaged", lookup=flip(plain["lookup"], 3))
    file.add("A box whose lookup has another hash is damaged.", plain, "damaged", lookup=flip(plain["lookup"], 15))
    for name, expires_at in {
        "one second later": EXPIRES + 1,
        "one second earlier": EXPIRES - 1,
        "2³² seconds later": EXPIRES + 2**32,
        "as long before the epoch": -EXPIRES,
        "the epoch": 0,
    }.items():
        file.add(f"A box whose expiry was made {name} is damaged.", plain, "damaged", expires_at=expires_at)

    for name, malformed in {
        "30 characters": plain["id"][:30],
        "32 characters": plain["id"] + "a",
        "an upper-case letter": "A" + plain["id"][1:],
        "a final newline": plain["id"][:30] + "\n",
    }.items():
        file.add(f"An identifier with {name} is refused.", plain, "refused", id=malformed)

    crafted = {
        "A box that was sealed under the key of a receipt": {"key_name": "receipt"},
        "A box that was sealed under the key that makes the check value": {"key_name": "check"},
        "A box that was sealed under a key from parts without their lengths": {"key": unprefixed},
        "A box that was sealed under a plain hash of the parts": {"key": plain_hash},
        "A box that was sealed under the root key itself": {"key": lambda _, root, *parts: root},
        "A box that was sealed under the share itself": {"key": lambda name, root, id, share, *parts: share},
        "A box that was sealed under a key without the passphrase part": {
            "key": lambda name, *parts: derive(name, *parts[:3])
        },
        "A box that was sealed with the label of a receipt": {"aad": lambda *row: associated("receipt", *row)},
        "A box that was sealed without associated data": {"aad": lambda *row: b""},
        "A box that was sealed with the key id left out": {
            "aad": lambda key_id, lookup, at: b"tellonce 2026-11 secret v1" + struct.pack("<16sq", lookup, at)
        },
        "A box that was sealed with big-endian numbers": {
            "aad": lambda *row: b"tellonce 2026-11 secret v1" + struct.pack(">q16sq", *row)
        },
        "A box that was sealed with the expiry before the lookup": {
            "aad": lambda key_id, lookup, at: b"tellonce 2026-11 secret v1" + struct.pack("<qq16s", key_id, at, lookup)
        },
        "A box whose length says one byte more than there is": {
            "padded": struct.pack("<I", 1021) + b"a" * 1020
        },
        "A box whose length is its padded size": {"padded": struct.pack("<I", 1024) + b"a" * 1020},
        "A box whose length is the largest number": {"padded": b"\xff" * 4 + b"a" * 1020},
        "A box whose length is big-endian": {"padded": struct.pack(">I", 28) + text.encode().ljust(1020, b"\0")},
        "A box with nothing in it": {"padded": b""},
        "A box with less than a length in it": {"padded": b"\1\0\0"},
        "A box with a length and no content": {"padded": struct.pack("<I", 1)},
        "A box with empty content": {"content": b""},
        "A box with a byte that no UTF-8 has": {"content": b"password\xff"},
        "A box with a stray continuation byte": {"content": b"\x80password"},
        "A box that ends within a character": {"content": "password€".encode()[:-1]},
        "A box with an overlong zero": {"content": b"password\xc0\x80"},
        "A box with half a surrogate pair": {"content": b"password\xed\xa0\xbd"},
        "A box with a character beyond Unicode": {"content": b"\xf4\x90\x80\x80"},
        "A box with text in Latin-1": {"content": "Grüße".encode("latin-1")},
    }
    for name, how in crafted.items():
        file.add(f"{name} is damaged.", secret(file, name.removeprefix("A "), text, **how), "damaged")

    # A receipt's box, put where a secret's is expected, in a row made to fit it.
    rng = drawn("receipt as a secret")
    name, lookup = plain["id"], bytes.fromhex(plain["lookup"])
    content = pad(encode_receipt(name, None, []), RECEIPT_BUCKET)
    aad = associated("receipt", 0, lookup, EXPIRES)
    file.boxes["a receipt"] = seal(derive("receipt", name.encode()), rng.randbytes(24), aad, content).hex()
    file.add("A receipt's box in a secret's row is damaged.", plain, "damaged", sealed={"box": "a receipt"})
    return file


def passphrases():
    file = File("secret")
    text = "the code is 0000"
    plain = secret(file, "protected", text, passphrase="open sesame")
    protection = plain["passphrase"]

    def other(**changes):
        return {"passphrase": protection | changes}

    file.add("A secret with a passphrase opens.", plain, "opens")
    default = secret(file, "default cost", text, passphrase="open sesame", cost=DEFAULT)
    file.add("A secret whose passphrase was stretched at the default cost opens.", default, "opens")
    for name, passphrase in {
        "of one character": "x",
        "of many scripts": "päss \u65e5\u672c \U0001f511",
        "of blanks alone": "  ",
        "with a zero byte in it": "open\0sesame",
        "of 1024 bytes": {"pattern": "0123456789abcdef", "times": 64},
    }.items():
        row = secret(file, f"passphrase {name}", text, passphrase=passphrase)
        file.add(f"A passphrase {name} opens.", row, "opens")
    for name, cost in {
        "the least memory and the most passes": {"m": 8, "t": 16, "p": 1},
        "four lanes": {"m": 32, "t": 1, "p": 4},
        "an amount of memory that is no multiple of its lanes": {"m": 67, "t": 3, "p": 2},
    }.items():
        row = secret(file, name, text, passphrase="open sesame", cost=cost)
        file.add(f"A passphrase stretched with {name} opens.", row, "opens")

    for name, wrong in {
        "wrong": "open barley",
        "in upper case": "OPEN SESAME",
        "with a blank at its end": "open sesame ",
        "with a newline at its end": "open sesame\n",
        "with a zero byte at its end": "open sesame\0",
        "short of its last character": "open sesam",
        "that is one blank": " ",
    }.items():
        file.add(f"A passphrase {name} is a wrong one.", plain, "wrong_passphrase", **other(text=wrong))
    composed = secret(file, "composed", text, passphrase="caf\u00e9")
    decomposed = {"passphrase": composed["passphrase"] | {"text": "cafe\u0301"}}
    file.add("A passphrase is not normalised.", composed, "wrong_passphrase", **decomposed)
    wrong = {"passphrase": default["passphrase"] | {"text": "open barley"}}
    file.add("A wrong passphrase at the default cost is a wrong one.", default, "wrong_passphrase", **wrong)
    row = secret(file, "passphrase of 1024 bytes", text, passphrase={"pattern": "0123456789abcdef", "times": 64})
    long = {"passphrase": row["passphrase"] | {"text": {"pattern": "0123456789abcdef", "times": 63}}}
    file.add("The beginning of a long passphrase is a wrong one.", row, "wrong_passphrase", **long)

    for name, refused in {
        "An empty passphrase": "",
        "A passphrase of 1025 bytes": {"pattern": "x", "times": 1025},
        "A passphrase of 513 characters that take 1026 bytes": {"pattern": "é", "times": 513},
    }.items():
        file.add(f"{name} is refused.", plain, "refused", **other(text=refused))

    file.add("Without its passphrase a secret does not open.", plain, "damaged", passphrase=None)
    bare = secret(file, "unprotected", text)
    file.add("A passphrase for a secret that has none is a wrong one.", bare, "wrong_passphrase", passphrase=protection)
    salt = protection["salt"]
    file.add("Another salt makes the passphrase a wrong one.", plain, "wrong_passphrase", **other(salt=flip(salt, 15)))
    file.add("A salt of zeros makes the passphrase a wrong one.", plain, "wrong_passphrase", **other(salt="00" * 16))
    for name, change in {"more memory": {"m": 40}, "less memory": {"m": 24}, "more passes": {"t": 2},
                         "more lanes": {"p": 2}}.items():
        file.add(f"A cost with {name} makes the passphrase a wrong one.", plain, "wrong_passphrase", **other(**change))
    for name, change in {
        "no memory": {"m": 0},
        "less memory than one lane needs": {"m": 7},
        "less memory than four lanes need": {"m": 31, "p": 4},
        "more than 256 MiB": {"m": 262_145},
        "no passes": {"t": 0},
        "seventeen passes": {"t": 17},
        "a thousand passes": {"t": 1000},
        "no lanes": {"p": 0},
        "five lanes": {"m": 64, "p": 5},
        "two hundred lanes": {"m": 2048, "p": 200},
        "so many lanes that their memory overflows": {"p": 2**29},
        "the largest number of lanes": {"p": 2**32 - 1},
    }.items():
        file.add(f"A stored cost with {name} is damaged.", plain, "damaged", **other(**change))
    broken = {"sealed": {"box": "protected", "keep": 0}} | other(m=0)
    file.add("A stored cost out of bounds is told before a missing key.", plain, "damaged", ring=ring(2), **broken)

    file.add("A missing key is told before a wrong passphrase.", plain, "key_missing", ring=ring(2), **other(text="x"))
    swapped = {"ring": ring((1, ROOTS[2]))}
    file.add("Another key under the same id looks like a wrong passphrase.", plain, "wrong_passphrase", **swapped)
    share = flip(plain["share"], 7)
    file.add("A bit flipped in the share looks like a wrong passphrase.", plain, "wrong_passphrase", share=share)
    check = flip(plain["check"], 7)
    file.add("A bit flipped in the check value looks like a wrong passphrase.", plain, "wrong_passphrase", check=check)
    file.add("The identifier of another secret looks like a wrong passphrase.", plain, "wrong_passphrase", id=bare["id"])
    for name, at in {"version": 0, "nonce": 12, "ciphertext": 500, "tag": 1060}.items():
        damage = file.damage("protected", flip={"at": at, "bits": 8})
        file.add(f"The right passphrase with a bit flipped in the {name} shows as damage.", plain, "damaged", **damage)
    for keep in (0, 41, 1064):
        damage = file.damage("protected", keep=keep)
        file.add(f"The right passphrase with the box cut to {keep} bytes shows as damage.", plain, "damaged", **damage)
    file.add("The right passphrase with another expiry shows as damage.", plain, "damaged", expires_at=EXPIRES + 1)
    file.add("The right passphrase with another lookup shows as damage.", plain, "damaged", lookup=bare["lookup"])
    row = secret(file, "key without passphrase", text, passphrase="open sesame",
                 key=lambda name, *parts: derive(name, *parts[:3], b""))
    file.add("A passphrase that is a gate before the key and not part of it opens nothing.", row, "damaged")
    row = secret(file, "raw passphrase", text, passphrase="open sesame",
                 key=lambda name, *parts: derive(name, *parts[:3], b"open sesame"))
    file.add("A passphrase that went into the key unstretched opens nothing.", row, "damaged")
    return file


def receipts():
    file = File("receipt")
    plain = receipt(file, "plain")
    file.add("A receipt with nothing but the secret's identifier opens.", plain, "opens")
    file.add("A receipt with a memo opens.", receipt(file, "memo", "For the new colleague"), "opens")
    file.add("An empty memo is not the same as none.", receipt(file, "empty memo", ""), "opens")
    one = receipt(file, "recipient", None, ["a****@e*****.com"])
    file.add("A receipt with a recipient opens.", one, "opens")
    three = ["a****@e*****.com", "b****@e*****.com", "\u65e5****@e*****.jp"]
    full = receipt(file, "full", "Grüße \U0001f511\r\n\0", three)
    file.add("A receipt with a memo and three recipients opens.", full, "opens")
    file.add("A receipt with an empty recipient opens.", receipt(file, "empty recipient", None, [""]), "opens")
    for size, fits in {23: "fills the smallest bucket", 24: "begins the next bucket"}.items():
        row = receipt(file, f"memo of {size} bytes", "m" * size)
        file.add(f"A receipt whose memo of {size} bytes {fits} opens.", row, "opens")
    file.add("A receipt with a memo of 2000 bytes opens.", receipt(file, "long memo", "0123456789" * 200), "opens")
    ends = receipt(file, "end of time", "memo", expires_at=2**63 - 1)
    file.add("A receipt whose expiry is the end of time opens.", ends, "opens")

    spoil(file, full, "full", "A receipt's box")
    file.add("The identifier of another receipt opens nothing.", plain, "damaged", id=one["id"])
    file.add("The secret's identifier does not open the receipt.", plain, "damaged", id=plain["content"]["secret"])
    file.add("A receipt's box given another lookup is damaged.", plain, "damaged", lookup=one["lookup"])
    as_secret = lookup_of("secret", CONSTANT, plain["id"]).hex()
    file.add("A receipt's box given a secret's lookup is damaged.", plain, "damaged", lookup=as_secret)
    for name, more in {"one second later": 1, "one second earlier": -1, "2³² seconds later": 2**32}.items():
        at = plain["expires_at"] + more
        file.add(f"A receipt's box whose expiry was made {name} is damaged.", plain, "damaged", expires_at=at)
    row = {"id": one["id"], "lookup": one["lookup"]}
    file.add("A receipt's box moved into another receipt's row is damaged.", plain, "damaged", **row)
    file.add("A receipt's identifier that is too short is refused.", plain, "refused", id=plain["id"][1:])
    file.add("A receipt's identifier with a hyphen is refused.", plain, "refused", id="-" + plain["id"][1:])

    none, empty = encode_list([]), struct.pack("<H", 0)
    crafted = {
        "A receipt's box that was sealed under the key of a secret": {"key_name": "secret"},
        "A receipt's box that was sealed under a key from parts without their lengths": {"key": unprefixed},
        "A receipt's box that was sealed under a root key": {"key": lambda *_: ROOTS[1]},
        "A receipt's box that was sealed with the label of a secret": {"aad": lambda *row: associated("secret", 0, *row)},
        "A receipt's box that was sealed with a key id": {"aad": lambda *row: associated("receipt", 1, *row)},
        "A receipt's box that was sealed without associated data": {"aad": lambda *row: b""},
        "A receipt with nothing in its box": {"padded": b""},
        "A receipt with less than a length in its box": {"padded": b"\0\0\0"},
        "A receipt whose length says one byte more than there is": {"padded": struct.pack("<I", 61) + b"a" * 60},
        "A receipt whose length is the largest number": {"padded": b"\xff" * 4 + b"a" * 60},
        "A receipt with empty content": {"content": lambda id: b""},
        "A receipt with an identifier and no lists": {"content": lambda id: id},
        "A receipt with an identifier cut short": {"content": lambda id: id[:30]},
        "A receipt with an identifier of 30 characters": {"content": lambda id: id[:30] + none + none},
        "A receipt with an identifier in upper case": {"content": lambda id: b"A" + id[1:] + none + none},
        "A receipt with an identifier that is not UTF-8": {"content": lambda id: b"\xff" + id[1:] + none + none},
        "A receipt with an identifier that has a letter of two bytes": {
            "content": lambda id: "é".encode() + id[2:] + none + none
        },
        "A receipt with two memos": {"content": lambda id: id + encode_list([b"one", b"two"]) + none},
        "A receipt whose padding is not zeros": {
            "padded": (struct.pack("<I", 35) + b"a" * 31 + none + none).ljust(63, b"\0") + b"\1"
        },
        "A receipt padded to a larger bucket": {
            "padded": (struct.pack("<I", 35) + b"a" * 31 + none + none).ljust(128, b"\0")
        },
        "A receipt padded to less than its bucket": {"padded": struct.pack("<I", 35) + b"a" * 31 + none + none},
        "A receipt without a list of recipients": {"content": lambda id: id + none},
        "A receipt with half a count of recipients": {"content": lambda id: id + none + b"\0"},
        "A receipt with a memo that is counted and absent": {"content": lambda id: id + b"\1\0"},
        "A receipt with a memo longer than the rest": {"content": lambda id: id + b"\1\0\5\0memo"},
        "A receipt with a memo that swallows the recipients": {"content": lambda id: id + b"\1\0\6\0memo" + none},
        "A receipt with a memo of the largest length": {"content": lambda id: id + b"\1\0\xff\xffmemo" + none},
        "A receipt with a memo whose length is big-endian": {"content": lambda id: id + b"\1\0\0\4memo" + none},
        "A receipt with a memo that is not UTF-8": {"content": lambda id: id + encode_list([b"m\xffmo"]) + none},
        "A receipt with a recipient that is not UTF-8": {"content": lambda id: id + none + encode_list([b"\xc3"])},
        "A receipt with fewer recipients than it counts": {
            "content": lambda id: id + none + b"\2\0" + encode_list([b"a@b"])[2:]
        },
        "A receipt with more recipients than it counts": {
            "content": lambda id: id + none + b"\1\0" + encode_list([b"a@b", b"c@d"])[2:]
        },
        "A receipt with the largest count of recipients": {"content": lambda id: id + none + b"\xff\xff"},
        "A receipt with a byte after its content": {"content": lambda id: id + none + none + b"\0"},
        "A receipt with a third list": {"content": lambda id: id + none + none + empty},
    }
    for name, how in crafted.items():
        file.add(f"{name} is damaged.", receipt(file, name.removeprefix("A "), **how), "damaged")

    rng = drawn("secret as a receipt")
    name, lookup = plain["id"].encode(), bytes.fromhex(plain["lookup"])
    content = pad(encode_receipt(plain["content"]["secret"], None, []), SECRET_BUCKET)
    key = derive("secret", ROOTS[1], name, rng.randbytes(32), b"")
    aad = associated("secret", 1, lookup, plain["expires_at"])
    file.boxes["a secret"] = seal(key, rng.randbytes(24), aad, content).hex()
    file.add("A secret's box in a receipt's row is damaged.", plain, "damaged", sealed={"box": "a secret"})
    return file


def identifiers():
    file = File("lookup")

    def row(of, name, constant=CONSTANT):
        lookup = lookup_of(of, constant, name).hex()
        return {"of": of, "mask_constant": constant.hex(), "id": name, "lookup": lookup}

    for number, when in {0: "number zero", 1: "number one", NUMBER: "a number in between",
                         2**31: "number 2³¹", NUMBERS - 1: "the last number"}.items():
        name = identifier(drawn(f"number {number}"), CONSTANT, number)
        for of in ("secret", "receipt"):
            vector = row(of, name)
            assert vector["lookup"].startswith(f"{number:08x}")
            file.add(f"A {of}'s identifier with {when} finds its row.", vector, "found")
    for name in ("a" * 31, "9" * 31, "z" * 25 + "a" * 6, "0" * 25 + "9" * 6):
        file.add(f"The identifier {name} finds a row.", row("secret", name), "found")
    for constant, what in ((OTHER_CONSTANT, "another constant"), (bytes(32), "a constant of zeros")):
        name = identifier(drawn(what), constant, NUMBER)
        file.add(f"An identifier of a file with {what} finds its row.", row("secret", name, constant), "found")

    name = identifier(drawn("negative"), CONSTANT, NUMBER)
    good = row("secret", name)
    hashed, number = good["lookup"][8:], good["lookup"][:8]
    wrong = {
        "A secret's identifier does not find a receipt": row("receipt", name)["lookup"],
        "An identifier does not find a row under the constant of another file":
            row("secret", name, OTHER_CONSTANT)["lookup"],
        "An identifier does not find a row of the next number": f"{NUMBER + 1:08x}" + hashed,
        "An identifier does not find a row whose number is little-endian":
            bytes.fromhex(number)[::-1].hex() + hashed,
        "An identifier does not find a row without its number": "00000000" + hashed,
        "An identifier does not find a row whose number is still masked":
            struct.pack(">I", (NUMBER + mask(CONSTANT, name[:25])) % NUMBERS).hex() + hashed,
        "An identifier does not find a row whose number follows the hash": hashed + number,
        "An identifier does not find a row hashed without its length":
            number + unprefixed("lookup secret", name.encode())[:12].hex(),
        "An identifier does not find a row hashed without a label":
            number + plain_hash("", name.encode())[:12].hex(),
        "An identifier does not find a row hashed under the constant of the file":
            number + derive("lookup secret", CONSTANT, name.encode())[:12].hex(),
        "An identifier does not find a row hashed over its 25 random characters":
            number + derive("lookup secret", name[:25].encode())[:12].hex(),
        "An identifier does not find a row by the end of its hash":
            number + derive("lookup secret", name.encode())[-12:].hex(),
    }
    for sentence, lookup in wrong.items():
        file.add(f"{sentence}.", good, "not_found", lookup=lookup)
    nearly = name[:25] + ALPHABET[(ALPHABET.index(name[25]) + 1) % 36] + name[26:]
    file.add("An identifier with another character in the masked number finds nothing.", good, "not_found", id=nearly)

    for sentence, malformed in {
        "is empty": "",
        "has 30 characters": name[:30],
        "has 32 characters": name + "a",
        "has an upper-case letter": name[:10] + "Q" + name[11:],
        "has a hyphen": name[:10] + "-" + name[11:],
        "has an underscore": name[:10] + "_" + name[11:],
        "has a slash": name[:10] + "/" + name[11:],
        "has a per cent sign": name[:10] + "%" + name[11:],
        "begins with a blank": " " + name[1:],
        "ends with a newline": name[:30] + "\n",
        "has a newline after its end": name + "\n",
        "has a zero byte": name[:10] + "\0" + name[11:],
        "has the character before the digits": name[:10] + "`" + name[11:],
        "has the character after the letters": name[:10] + "{" + name[11:],
        "has a letter of two bytes and 30 characters": name[:29] + "é",
        "has a letter of two bytes and 31 characters": name[:30] + "é",
        "has a digit of another script": name[:28] + "\uff11",
    }.items():
        file.add(f"An identifier that {sentence} is refused.", good, "refused", id=malformed, lookup=None)
    return file


def keys():
    file = File("key")

    def key(text, root=None):
        root = bytes.fromhex(text) if root is None else root
        return {"text": text, "fingerprint": derive("fingerprint", root)[:16].hex()}

    text = ROOTS[1].hex()
    file.add("A drawn key is accepted.", key(text), "accepted")
    file.add("Another drawn key is accepted.", key(ROOTS[2].hex()), "accepted")
    file.add("A key in upper case is accepted.", key(text.upper()), "accepted")
    mixed = "".join(digit.upper() if at % 2 else digit for at, digit in enumerate(text))
    file.add("A key in mixed case is accepted.", key(mixed), "accepted")
    file.add("A key that differs from a constant in its last byte is accepted.", key("00" * 31 + "01"), "accepted")
    file.add("A key that differs from a constant in its first byte is accepted.", key("fe" + "ff" * 31), "accepted")
    file.add("A key of two bytes in turn is accepted.", key("aabb" * 16), "accepted")
    root = ROOTS[1]
    for sentence, fingerprint in {
        "The fingerprint of another key is not this key's": derive("fingerprint", ROOTS[2])[:16],
        "A fingerprint hashed without its length is not the key's": unprefixed("fingerprint", root)[:16],
        "A fingerprint hashed without a label is not the key's": plain_hash("", root)[:16],
        "A fingerprint of the key's digits is not the key's": derive("fingerprint", text.encode())[:16],
        "A fingerprint from the end of the hash is not the key's": derive("fingerprint", root)[-16:],
        "A fingerprint with its last bit flipped is not the key's":
            bytes.fromhex(flip(derive("fingerprint", root)[:16].hex(), 15)),
    }.items():
        file.add(f"{sentence}.", {"text": text, "fingerprint": fingerprint.hex()}, "other_key")
    for sentence, refused in {
        "Nothing": "",
        "A key of 2 digits": "0f",
        "A key of 62 digits": text[:62],
        "A key of 63 digits": text[:63],
        "A key of 65 digits": text + "0",
        "A key of 66 digits": text + "00",
        "A key of 128 digits": text + ROOTS[2].hex(),
        "A key with a letter after f": text[:63] + "g",
        "A key that begins with a letter after f": "g" + text[1:],
        "A key with a prefix": "0x" + text[:62],
        "A key with a prefix and all its digits": "0x" + text,
        "A key with a sign": "+" + text[1:],
        "A key with a blank before it": " " + text,
        "A key with a blank in place of a digit": text[:32] + " " + text[33:],
        "A key with a newline after it": text + "\n",
        "A key whose last digit is a newline": text[:63] + "\n",
        "A key with colons between its bytes": ":".join(text[at : at + 2] for at in range(0, 64, 2)),
        "A key in 44 characters of base64": "q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k=",
        "A key with letters of two bytes": "é" * 32,
        "A key with a digit of another script that makes 64 bytes": text[:61] + "\uff11",
        "A key with a digit of another script that makes 64 characters": text[:63] + "\uff11",
        "A key of zeros": "00" * 32,
        "A key of ones": "ff" * 32,
        "A key of ones in mixed case": "fF" * 32,
        "A key of one byte over and over": "a5" * 32,
        "A key of one digit over and over": "1" * 64,
    }.items():
        file.add(f"{sentence} is refused.", {"text": refused}, "refused")
    return file


def sizes():
    file = File("size")
    lengths = [1, 64, 1020, 1021, 1084, 1085, 2044, 2045, 4092, 4093, 10_000, 65_532, 65_533, 100_000, 999_999, 2**20]
    for length in lengths:
        padded = bucket(length, SECRET_BUCKET)
        file.add(f"A plaintext of {length} bytes takes {padded}.", {"bytes": length, "padded": padded}, "padded")
    return file


def render(boxes, vectors):
    """JSON with a line for each box and each vector, so that a difference shows what changed."""
    boxes = ",\n".join(f"{json.dumps(name)}: {json.dumps(sealed)}" for name, sealed in boxes.items())
    vectors = ",\n".join(json.dumps(vector) for vector in vectors)
    return f'{{"boxes": {{\n{boxes}\n}},\n"vectors": [\n{vectors}\n]}}\n'


def main():
    files = {
        "secrets": secrets(),
        "passphrases": passphrases(),
        "receipts": receipts(),
        "identifiers": identifiers(),
        "keys": keys(),
        "sizes": sizes(),
    }
    names = [vector["name"] for file in files.values() for vector in file.vectors]
    assert len(names) == len(set(names)), sorted(name for name in names if names.count(name) > 1)
    refused = False
    for name, file in files.items():
        path = HERE / f"{name}.json"
        used = {vector["sealed"].get("box") for vector in file.vectors if "sealed" in vector}
        boxes = {box: sealed for box, sealed in file.boxes.items() if box in used}
        text = render(boxes, file.vectors)
        if path.exists() and path.read_text() == text:
            print(f"{path.name}: {len(file.vectors)} vectors, unchanged")
        elif path.exists() and "--force" not in sys.argv[1:]:
            print(f"{path.name}: would change, left alone", file=sys.stderr)
            refused = True
        else:
            path.write_text(text)
            print(f"{path.name}: {len(file.vectors)} vectors, written")
    return int(refused)


if __name__ == "__main__":
    sys.exit(main())
