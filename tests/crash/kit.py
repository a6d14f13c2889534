"""What the programs of this folder share: a server as its own process, a client, looks into its files."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
# A server started by a test takes a moment; under a tracer, on a busy machine, several.
PATIENCE = 60
# What a connection that the server's end has cut says.
CUT = (http.client.HTTPException, OSError)


def program():
    """The program under test: `TELLONCE` names one, otherwise the sources are built."""
    given = os.environ.get("TELLONCE")
    if given:
        return Path(given).resolve()
    subprocess.run(["cargo", "build", "--locked", "--quiet"], cwd=ROOT, check=True)
    return TARGET / "debug/tellonce"


def need(*tools):
    """Ends with a sentence where a tool is missing."""
    for tool in tools:
        if shutil.which(tool) is None:
            raise SystemExit(f"{tool} is missing: apt-get install {tool}")


def scratch():
    """A folder that vanishes; in memory where that is possible, since thousands of files pass through it."""
    shared = Path("/dev/shm")
    return tempfile.TemporaryDirectory(dir=shared if os.access(shared, os.W_OK) else None)


class Client:
    """One connection, and how many replies have come over it."""

    def __init__(self, address):
        self.connection = http.client.HTTPConnection(*address, timeout=PATIENCE)
        self.connection.connect()
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = self.connection.sock.getsockname()[1]
        self.replies = 0

    def ask(self, method, path, body=None, headers=None):
        """Status and object of the reply."""
        text = None if body is None else json.dumps(body)
        kind = {"Content-Type": "application/json"} if text else {}
        self.connection.request(method, path, text, kind | (headers or {}))
        reply = self.connection.getresponse()
        data = reply.read()
        self.replies += 1
        return reply.status, json.loads(data)

    def conceal(self, text, ttl, passphrase=None):
        wish = {"secret": text, "ttl": ttl, "passphrase": passphrase}
        status, reply = self.ask("POST", "/api/v2/secret/conceal", {"secret": wish})
        if status != 200:
            return status, None
        record = reply["record"]
        return status, (record["secret"]["identifier"], record["receipt"]["identifier"])

    def reveal(self, link, passphrase=None, retry=None):
        """Status and content; `retry` is the key under which it may be fetched again."""
        wish = {"continue": True, "passphrase": passphrase}
        headers = {"Idempotency-Key": retry} if retry else None
        status, reply = self.ask("POST", f"/api/v2/secret/{link}/reveal", wish, headers)
        return status, reply["record"]["secret_value"] if status == 200 else None

    def burn(self, receipt):
        return self.ask("POST", f"/api/v2/receipt/{receipt}/burn", {})[0]

    def state(self, receipt):
        status, reply = self.ask("GET", f"/api/v2/receipt/{receipt}")
        return reply["record"]["state"] if status == 200 else None


def child(tracer):
    """The one process that this one has started; itself, if that has ended."""
    children = Path(f"/proc/{tracer}/task/{tracer}/children").read_text().split()
    return int(children[0]) if children else tracer


class Server:
    """A server on this folder. `before` is put before its command, such as a tracer."""

    def __init__(self, binary, data, *flags, before=(), env=None):
        limits = ["--limits", "off", "--passphrase-attempts-source", "0"]
        command = [*before, binary, "serve", "--listen", "127.0.0.1:0", "--ready-fd", "1", "--data", data]
        self.log = open(f"{data}.log", "ab")
        self.process = subprocess.Popen(
            [*map(str, command), *limits, *flags], stdout=subprocess.PIPE, stderr=self.log, env=env or {}
        )
        line = self.process.stdout.readline().decode()
        self.address, self.id = None, self.process.pid
        # A server may be killed within this very line.
        if line.startswith("http://") and line.endswith("\n"):
            host, port = line.strip().removeprefix("http://").split(":")
            self.address = (host, int(port))
            self.id = child(self.process.pid) if before else self.process.pid

    @property
    def is_ready(self):
        return self.address is not None

    def client(self):
        return Client(self.address)

    def says(self):
        """All that servers on this folder have logged."""
        return Path(self.log.name).read_text(errors="replace")

    def wait(self, patience=PATIENCE):
        code = self.process.wait(patience)
        self.process.stdout.close()
        self.log.close()
        return code

    def stop(self):
        """SIGTERM; returns the exit code."""
        os.kill(self.id, signal.SIGTERM)
        return self.wait()

    def kill(self):
        # A tracer may have killed it just now, and be about to end itself.
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.id, signal.SIGKILL)
        return self.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.kill()


def look(database):
    """Opens a database that nobody else uses, as a crash left it."""
    connection = sqlite3.connect(f"file:{database}?mode=rw", uri=True)
    connection.execute("PRAGMA synchronous=OFF")
    return connection


def verdict(name, wrong):
    """Prints how a check went, at most ten lines of what was wrong, and returns whether it passed."""
    for line in wrong[:10]:
        print(f"  {line}")
    if len(wrong) > 10:
        print(f"  and {len(wrong) - 10} more")
    print(f"{'MISSED' if wrong else 'ok'}: {name}", flush=True)
    return not wrong


def not_run(name, reason):
    """Prints that a check could not be made here; it counts as neither passed nor failed."""
    print(f"NOT RUN: {name}, since {reason}", flush=True)


def finish(results):
    """Ends the program with a line as cargo writes it."""
    passed, failed, left = (results.count(result) for result in (True, False, None))
    print(f"test result: {'FAILED' if failed else 'ok'}. {passed} passed; {failed} failed; {left} not run")
    sys.exit(1 if failed or not passed else 0)
