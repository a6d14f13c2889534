"""Requests as bytes on a socket: nothing is added, mended or followed."""

import base64
import json
import re
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

KEY = re.compile(r"^[a-z0-9]{31}$")


class Wrong(Exception):
    """An answer that the program could not use."""


@dataclass
class Reply:
    status: int
    headers: list
    body: bytes

    def header(self, name):
        return next((value for key, value in self.headers if key == name.lower()), None)

    def json(self):
        if "application/json" not in (self.header("content-type") or ""):
            raise Wrong(f"{self.status} is not JSON")
        return json.loads(self.body)

    def ok(self):
        """The object of an answer that is exactly 200."""
        expect(self.status == 200, f"{self.status} {self.body[:200].decode(errors='replace')}")
        return self.json()

    def fails(self, status, message=None):
        """The object of a refusal. Statuses of version 1 differ between servers: many may be given."""
        statuses = status if isinstance(status, tuple) else (status,)
        expect(self.status in statuses, f"{self.status} instead of {statuses}")
        body = self.json()
        expect(message is None or body.get("message") == message, f"says {body.get('message')!r}")
        return body


def expect(holds, why):
    if not holds:
        raise Wrong(why)


class Server:
    """Where requests go, and whose account may be used."""

    def __init__(self, base, user=None, token=None):
        parts = urlsplit(base)
        self.base, self.user, self.token = base.rstrip("/"), user, token
        self.secure, self.host, self.prefix = parts.scheme == "https", parts.hostname, parts.path.rstrip("/")
        self.port = parts.port or (443 if self.secure else 80)
        self.authority = parts.netloc.rpartition("@")[2]

    @property
    def login(self):
        """The header line with the account's credentials."""
        pair = f"{self.user}:{self.token}".encode()
        return f"Authorization: Basic {base64.b64encode(pair).decode()}"

    def send(self, data, is_head=False):
        """Sends these very bytes and reads one reply."""
        with socket.create_connection((self.host, self.port), timeout=30) as plain:
            tls = ssl.create_default_context() if self.secure else None
            stream = tls.wrap_socket(plain, server_hostname=self.host) if tls else plain
            stream.sendall(data)
            return read(stream.makefile("rb"), is_head)

    def ask(self, method, path, lines=(), body=b"", length=True, version="1.1"):
        """A request with exactly these header lines, besides the host and, unless told, the length."""
        body = body.encode() if isinstance(body, str) else body
        head = [f"{method} {self.prefix}{path} HTTP/{version}", f"Host: {self.authority}", *lines]
        if length and (body or method in ("POST", "PATCH")):
            head.append(f"Content-Length: {len(body)}")
        data = ("\r\n".join(head) + "\r\n\r\n").encode("latin-1") + body
        return self.send(data, method == "HEAD")


def read(stream, is_head):
    """One reply; an interim one is passed over."""
    while True:
        line = stream.readline().decode("latin-1")
        expect(line.startswith("HTTP/1."), f"no status line: {line!r}")
        status, headers = int(line.split()[1]), []
        while (line := stream.readline().decode("latin-1").strip()):
            name, _, value = line.partition(":")
            headers.append((name.lower(), value.strip()))
        if status != 100:
            break
    reply = Reply(status, headers, b"")
    if is_head or status in (204, 304):
        return reply
    if reply.header("transfer-encoding") == "chunked":
        while (size := int(stream.readline().split(b";")[0], 16)):
            reply.body += stream.read(size)
            stream.readline()
    elif (length := reply.header("content-length")) is not None:
        reply.body = stream.read(int(length))
    else:
        reply.body = stream.read()
    return reply


def multipart(boundary, **fields):
    """A multipart body as curl writes it."""
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
    return "".join(parts) + f"--{boundary}--\r\n"


def is_key(text):
    expect(isinstance(text, str) and KEY.match(text), f"{text!r} is no key")
    return text


def are(kind, found, *names):
    """These members have exactly this JSON type."""
    for name in names:
        value = found.get(name)
        expect(type(value) is kind, f"{name} is {value!r}, not {kind.__name__}")


def absent(found, *names):
    for name in names:
        expect(name not in found, f"{name} is there")
