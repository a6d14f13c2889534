"""What a program did to its files and what it told its callers, in the order in which it happened, as
strace saw it."""

import re
from collections import namedtuple

# What a power cut may undo, and what it may not.
Write = namedtuple("Write", "path offset data")
Truncate = namedtuple("Truncate", "path size")
Sync = namedtuple("Sync", "path")
Unlink = namedtuple("Unlink", "path")
Rename = namedtuple("Rename", "old new")
# The first bytes of a reply leave for the caller at this port.
Answer = namedtuple("Answer", "port")

CALLS = "pwrite64,pwritev,write,writev,sendto,sendmsg,fdatasync,fsync,ftruncate,unlink,unlinkat,rename,renameat,renameat2"
FLAGS = ["-f", "-yy", "-xx", "-s", "200000", "-e", f"trace={CALLS}", "-e", "signal=none"]

LINE = re.compile(r"^(\d+) +(.*)$")
CALL = re.compile(r"^(\w+)\((.*)\)\s+= (-?\d+)")
RESUMED = re.compile(r"^<\.\.\. (\w+) resumed>(.*)$")
FILE = re.compile(r"^(\d+)<([^>]*)>")
SOCKET = re.compile(r"^\d+<TCP[^>]*->[^>]*:(\d+)\]>")
TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


def plain(text):
    """What `-xx` wrote as `\\x2f\\x74…`."""
    return bytes.fromhex(text.replace("\\x", ""))


def path(text):
    return plain(text).decode() if text.startswith("\\x") else text


def calls(lines):
    """Each call as it ends, and the sending of a reply as it begins."""
    begun = {}
    for line in lines:
        thread, rest = LINE.match(line).groups()
        rest = re.sub(r"^[\d.]+ ", "", rest)
        resumed = RESUMED.match(rest)
        if rest.endswith("<unfinished ...>"):
            begun[thread] = rest.removesuffix("<unfinished ...>")
            if rest.startswith(("sendto(", "sendmsg(", "writev(")) and "<TCP" in rest:
                yield rest.split("(", 1)[0], begun.pop(thread).split("(", 1)[1], 0
            continue
        if resumed:
            if thread not in begun:
                continue
            rest = begun.pop(thread) + resumed[2]
        call = CALL.match(rest)
        if call and int(call[3]) >= 0:
            yield call[1], call[2], int(call[3])


def events(lines, folder):
    """The events that matter, of files in this folder alone."""
    for name, arguments, result in calls(lines):
        socket = SOCKET.match(arguments)
        if socket:
            text = TEXT.search(arguments)
            if text and plain(text[1][:36]).startswith(b"HTTP/1.1"):
                yield Answer(int(socket[1]))
            continue
        if name.startswith(("unlink", "rename")):
            names = [path(text) for text in TEXT.findall(arguments)]
            if names[0].startswith(folder):
                yield Unlink(names[0]) if name.startswith("unlink") else Rename(*names)
            continue
        file = FILE.match(arguments)
        where = path(file[2]) if file else ""
        if not where.startswith(folder + "/") or where.endswith(("-shm", ".lock", ".reserve")):
            continue
        if name in ("fdatasync", "fsync"):
            yield Sync(where)
        elif name == "ftruncate":
            yield Truncate(where, int(arguments.rsplit(", ", 1)[1]))
        elif name in ("pwrite64", "write"):
            data = plain(TEXT.search(arguments)[1])
            assert len(data) >= result, "strace cut a write short: raise -s"
            offset = int(arguments.rsplit(", ", 1)[1]) if name == "pwrite64" else None
            yield Write(where, offset, data[:result])
        else:
            raise AssertionError(f"{name} of {where}: not understood")
