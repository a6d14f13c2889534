"""What the commands of this folder share: this server with an account, and packages as locked."""

import contextlib
import os
import re
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from wire import Server

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
INSTALLED = TARGET / "clients"
OWNER = "frank@example.com"


def say(text):
    print(text, file=sys.stderr, flush=True)


def venv(name):
    """The interpreter of an environment with exactly the packages of `locked/NAME.txt`."""
    lock, folder = HERE / "locked" / f"{name}.txt", INSTALLED / name
    python, stamp = folder / "bin/python", folder / "lock.txt"
    if not stamp.exists() or stamp.read_text() != lock.read_text():
        say(f"installing the Python packages of {lock.relative_to(ROOT)} into {folder}")
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", lock]
        subprocess.run(pip, check=True)
        stamp.write_text(lock.read_text())
    return python


def npm(name):
    """A folder of ours with the packages of its lock file beside it."""
    folder = INSTALLED / name
    lock, stamp = HERE / name / "package-lock.json", folder / "installed.json"
    if not stamp.exists() or stamp.read_text() != lock.read_text():
        say(f"installing the npm packages of {lock.relative_to(ROOT)} into {folder}")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(HERE / name, folder, ignore=shutil.ignore_patterns("node_modules"))
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True)
        stamp.write_text(lock.read_text())
    for file in (HERE / name).iterdir():
        if file.is_file():
            shutil.copy(file, folder)
    return folder


class Sink(socketserver.StreamRequestHandler):
    """A mail server that takes everything and keeps nothing."""

    def handle(self):
        self.wfile.write(b"220 sink\r\n")
        in_text = False
        for line in self.rfile:
            if in_text:
                in_text = line != b".\r\n"
                if in_text:
                    continue
            elif line.upper().startswith(b"DATA"):
                in_text = True
                self.wfile.write(b"354 go on\r\n")
                continue
            self.wfile.write(b"250 ok\r\n")


@contextlib.contextmanager
def local_server(*flags):
    """Builds this server and starts it on a free port, with an account and a mail server."""
    say("building the server")
    subprocess.run(["cargo", "build", "--locked", "--quiet"], cwd=ROOT, check=True)
    program = TARGET / "debug/tellonce"
    with tempfile.TemporaryDirectory() as data, socketserver.ThreadingTCPServer(("127.0.0.1", 0), Sink) as sink:
        threading.Thread(target=sink.serve_forever, daemon=True).start()
        mail = ["--smtp-host", f"127.0.0.1:{sink.server_address[1]}", "--smtp-tls", "off", "--mail-from", "no-reply@secrets.example"]
        command = [program, "serve", "--listen", "127.0.0.1:0", "--data", data, "--limits", "off", *mail, *flags]
        # All programs are one source, and some guess wrongly.
        environment = {"TELLONCE_PASSPHRASE_ATTEMPTS_SOURCE": "0"}
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        try:
            log = []
            address = None
            while address is None and (line := process.stderr.readline()):
                log.append(line)
                address = re.search(r"\bready url=(\S+)", line)
            if address is None:
                raise SystemExit("the server does not start:\n" + "".join(log))
            threading.Thread(target=process.stderr.read, daemon=True).start()
            added = subprocess.run([program, "account", "add", "--data", data, OWNER], capture_output=True, text=True, check=True)
            yield Server(address[1], OWNER, added.stdout.strip())
        finally:
            process.terminate()
            process.wait()
            sink.shutdown()
