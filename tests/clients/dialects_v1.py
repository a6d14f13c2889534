"""Version 1 as programs speak it: their requests as their sources build them, sent as bytes. What a source
leaves to its HTTP library, such as a boundary or a user agent, is an example. Each function plays one
program and raises `Wrong` where the program would fail; what it returns is a remark."""

import json
from urllib.parse import quote

from wire import absent, are, expect, is_key, multipart

FORM = "Content-Type: application/x-www-form-urlencoded"
JSON = "Content-Type: application/json"
TEXT = "S3cr3t & 100% \u00fcml\u00e4ut"
UNKNOWN = "Unknown secret"
#: Version 1's failures: the published document, and the 404 that servers answer besides.
DENIED = (401, 404)


def once(server, key, lines=(), body="", text=TEXT, target="", length=True):
    """Reads a secret as a program does, and once more in vain."""
    path = f"/api/v1/secret/{key}{target}"
    found = server.ask("POST", path, lines, body, length).ok()
    expect(found["value"] == text, f"the value is {found['value']!r}")
    server.ask("POST", path, lines, body, length).fails(404, UNKNOWN)


def ints(receipt):
    are(int, receipt, "ttl", "metadata_ttl", "secret_ttl", "created", "updated")
    are(list, receipt, "recipient")
    are(bool, receipt, "passphrase_required")


def npm_2(server):
    common = [server.login, "Accept: application/json", FORM, "User-Agent: node-fetch", "Connection: close"]
    made = server.ask("POST", "/api/v1/share", common, f"secret={quote(TEXT)}&ttl=3600").ok()
    once(server, is_key(made["secret_key"]), common)
    generated = server.ask("POST", "/api/v1/generate", common).ok()
    once(server, is_key(generated["secret_key"]), common, text=generated["value"])
    made = server.ask("POST", "/api/v1/share", common, "secret=hello").ok()
    burned = server.ask("POST", f"/api/v1/private/{is_key(made['metadata_key'])}/burn", common).ok()
    expect(burned["state"]["state"] == "burned", "it is not burned")
    lines = server.ask("GET", "/api/v1/private/recent", common).ok()
    expect(any(line["metadata_key"] == made["metadata_key"] for line in lines), "it is not in the list")
    server.ask("GET", "/api/v1/private/nowhere/at/all", common).fails(404, "Not Found")
    wrong = "Authorization: Basic c29tZW9uZUBleGFtcGxlLmNvbTowMTIzYWJjZA=="
    server.ask("GET", "/api/v1/private/recent", [wrong, *common[1:]]).fails(DENIED, "Not authorized")


def bash(server):
    agent = ["User-Agent: curl/7.64.0", "Accept: */*"]
    kind = "Content-Type: multipart/form-data; boundary=------------------------d74496d66958873e"
    body = multipart("------------------------d74496d66958873e", secret=TEXT, ttl="3600")
    made = server.ask("POST", "/api/v1/share", [server.login, *agent, kind], body).ok()
    looked = server.ask("POST", f"/api/v1/private/{made['metadata_key']}", agent).ok()
    expect(looked["secret_key"] == made["secret_key"], "the look does not name the secret")
    once(server, made["secret_key"], agent)
    looked = server.ask("POST", f"/api/v1/private/{made['metadata_key']}", agent).ok()
    expect(looked["state"] == "received", looked["state"])
    absent(looked, "secret_key")
    generated = server.ask("POST", "/api/v1/generate", [server.login, *agent]).ok()
    burned = server.ask("POST", f"/api/v1/private/{generated['metadata_key']}/burn", [server.login, *agent]).ok()
    expect(burned["state"]["state"] == "burned", "it is not burned")
    are(list, {"recent": server.ask("GET", "/api/v1/private/recent", [server.login, *agent]).ok()}, "recent")


def corbaltcode(server):
    common = [server.login, "User-Agent: Go-http-client/1.1", "Accept-Encoding: gzip"]
    secret = quote(TEXT, safe="")
    made = server.ask("POST", f"/api/v1/share?passphrase=&recipient=&secret={secret}&ttl=0", common).ok()
    ints(made)
    expect(made["passphrase_required"] is False, "an empty passphrase counts")
    once(server, made["secret_key"], common, target="?passphrase=")
    made = server.ask("POST", "/api/v1/generate?passphrase=right&recipient=&ttl=0", common).ok()
    path = f"/api/v1/secret/{made['secret_key']}"
    server.ask("POST", f"{path}?passphrase=wrong", common).fails(404, UNKNOWN)
    expect(server.ask("POST", f"{path}?passphrase=right", common).ok()["value"] == made["value"], "another value")
    made = server.ask("POST", "/api/v1/share?passphrase=&recipient=&secret=hello&ttl=60", common).ok()
    burned = server.ask("POST", f"/api/v1/private/{made['metadata_key']}/burn?passphrase=", common).ok()
    expect(made["secret_key"].startswith(burned["secret_shortkey"]), "the short key is another's")
    ints({**burned["state"], "secret_ttl": 0})
    server.ask("POST", "/api/v1/share?passphrase=&recipient=&secret=&ttl=0", common).fails(
        (404, 422), "You did not provide anything to share")
    are(list, {"recent": server.ask("GET", "/api/v1/private/recent", common).ok()}, "recent")


def chelnak(server):
    common = [server.login, "User-Agent: Go-http-client/1.1", JSON, "Accept-Encoding: gzip"]
    secret = quote(TEXT, safe="")
    target = f"/api/v1/share?passphrase=&recipient=ann%40example.com&secret={secret}&ttl=3600"
    shared = server.ask("POST", target, common)
    if shared.status == 422 and shared.json().get("field") == "recipient":
        remark = "share always names a recipient: needs a server that sends mail"
    else:
        ints(shared.ok())
        once(server, shared.json()["secret_key"], common)
        remark = ""
    made = server.ask("POST", "/api/v1/generate?passphrase=&recipient=&ttl=3600", common).ok()
    ints(made)
    looked = server.ask("POST", f"/api/v1/private/{made['metadata_key']}", common).ok()
    ints(looked)
    server.ask("POST", f"/api/v1/private/{made['metadata_key']}/burn", common).ok()
    recent = server.ask("POST", "/api/v1/private/recent", common).status
    return remark or ("" if recent == 200 else "asks for recent by POST, which no known server lists")


def otsgo(server):
    common = ["User-Agent: Go-http-client/1.1", "Accept-Encoding: gzip"]
    made = server.ask("POST", "/api/v1/share", common, f"passphrase=right&secret={quote(TEXT)}&ttl=3600").ok()
    ints(made)
    once(server, made["secret_key"], common, f"SECRET_KEY={made['secret_key']}&passphrase=right")
    looked = server.ask("POST", f"/api/v1/private/{made['metadata_key']}", common, f"METADATA_KEY={made['metadata_key']}").ok()
    are(int, looked, "received")
    generated = server.ask("POST", "/api/v1/generate", common, "passphrase=&secret=&ttl=3600").ok()
    once(server, generated["secret_key"], common, f"SECRET_KEY={generated['secret_key']}&passphrase=", generated["value"])
    server.ask("POST", f"/api/v1/private/{made['metadata_key']}/burn", common).fails(404, UNKNOWN)


def jdockerty(server):
    common = ["User-Agent: Go-http-client/1.1", "Accept-Encoding: gzip"]
    made = server.ask("POST", "/api/v1/share", common, f"secret={quote(TEXT)}&ttl=3600").ok()
    ints(made)
    once(server, made["secret_key"], common)
    made = server.ask("POST", "/api/v1/generate", common, "ttl=3600").ok()
    looked = server.ask("POST", f"/api/v1/private/{made['metadata_key']}", common, length=False).ok()
    ints(looked)
    server.ask("POST", f"/api/v1/private/{made['metadata_key']}/burn", common).ok()
    return "its burn works, but it cannot decode known servers' answers to it"


def gots(server):
    common = [server.login, "User-Agent: Go-http-client/1.1", FORM]
    body = f"secret={quote(TEXT)}&ttl=3600&metadata_ttl=0&secret_ttl=0"
    once(server, server.ask("POST", "/api/v1/share", common, body).ok()["secret_key"], common)
    server.ask("POST", "/api/v1/private/recent", common).fails(404)
    return "asks for recent by POST, which no known server lists"


def ruby_gem(server):
    common = [server.login, FORM, "Accept: */*", "User-Agent: Ruby"]
    server.ask("GET", "/api/v1/status?", [server.login]).ok()
    body = f"secret={quote(TEXT)}&passphrase=&ttl=&recipient[]="
    made = server.ask("POST", "/api/v1/share", common, body).ok()
    expect(made["recipient"] == [], "the recipient is no empty list")
    once(server, made["secret_key"], common)
    looked = server.ask("POST", f"/api/v1/metadata/{made['metadata_key']}", common).ok()
    expect(looked["state"] == "received", looked["state"])
    server.ask("POST", "/api/v1/generate", common, "passphrase=&ttl=3600").ok()


def ruby_sdk(server):
    common = [server.login, "Accept: application/json", "User-Agent: onetime-ruby", "X-Onetime-Client: ruby"]
    form = [*common, FORM]
    server.ask("GET", "/api/v1/authcheck", common).ok()
    made = server.ask("POST", "/api/v1/share", form, f"secret={quote(TEXT)}&ttl=3600").ok()
    expect(made["custid"] == server.user, f"the owner is {made['custid']!r}")
    once(server, made["secret_key"], form, "continue=true")
    server.ask("GET", f"/api/v1/receipt/{made['metadata_key']}", common).ok()
    made = server.ask("POST", "/api/v1/generate", form, "ttl=3600").ok()
    burned = server.ask("POST", f"/api/v1/receipt/{made['metadata_key']}/burn", form, "continue=true").ok()
    expect(burned["state"]["state"] == "burned", "it is not burned")
    are(list, {"recent": server.ask("GET", "/api/v1/receipt/recent", common).ok()}, "recent")


def powershell_module(server):
    common = [server.login, "User-Agent: Mozilla/5.0 (Windows NT; en-US) WindowsPowerShell/5.1"]
    target = f"/api/v1/share?secret={quote(TEXT)}&ttl=3600&passphrase=right"
    made = server.ask("POST", target, common).ok()
    are(int, made, "created", "updated")
    once(server, made["secret_key"], common, target="?passphrase=right")
    made = server.ask("POST", "/api/v1/generate?ttl=3600", common).ok()
    server.ask("POST", f"/api/v1/private/{made['metadata_key']}", common).ok()
    burned = server.ask("POST", f"/api/v1/private/{made['metadata_key']}/burn", common).ok()
    are(int, burned["state"], "created", "updated")
    server.ask("GET", "/api/v1/private/recent", common).ok()


def powershell_one_off(server):
    common = ["User-Agent: Mozilla/5.0 (Windows NT; en-US) PowerShell/7.4", FORM, "Expect: 100-continue"]
    made = server.ask("POST", "/api/v1/share", common, f"secret={quote(TEXT)}&ttl=3600&Recipient=").ok()
    once(server, made["secret_key"], common)


def perl(server):
    common = [server.login, FORM, "TE: deflate,gzip;q=0.3", "Connection: TE, close", "User-Agent: libwww-perl/6.72"]
    made = server.ask("POST", "/api/v1/share", common, f"secret={quote(TEXT)}&passphrase=right").ok()
    path = f"/api/v1/secret/{made['secret_key']}"
    absent(server.ask("POST", path, common, "passphrase=wrong").fails(404, UNKNOWN), "value")
    once(server, made["secret_key"], common, "passphrase=right")


def php_alfred(server):
    expect(all(c in "0123456789abcdef" for c in server.token), "the token is not hexadecimal: it would send blanks")
    common = [server.login, "Content-Type: text/html; charset=utf-8", FORM, "Accept: */*"]
    made = server.ask("POST", "/api/v1/share", common, f"secret={quote(TEXT)}&ttl=3600").ok()
    is_key(made["metadata_key"])
    once(server, made["secret_key"])


def java(server):
    common = ["User-Agent: Java/11", "Accept: text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"]
    made = server.ask("POST", f"/api/v1/share?secret={quote(TEXT)}&ttl=3600&custid=&state=", common).ok()
    server.ask("POST", f"/api/v1/secret/{made['secret_key']}?SECRET_KEY=x", common).ok()
    return "its decoder of status and reveal knows no further members, so those calls fail with known servers too"


def onetimesharp(server):
    common = [server.login, FORM, "Expect: 100-continue", "User-Agent: RestSharp"]
    made = server.ask("POST", "/api/v1/share", common, f"secret={quote(TEXT)}&ttl=3600&").ok()
    ints(made)
    once(server, made["secret_key"], common, "passphrase=&")


def py_onetimesecret(server):
    common = ["User-Agent: Python-urllib/2.7", "Connection: close", "Accept-Encoding: identity"]
    expect(server.ask("GET", "/api/v1/status", common).ok()["status"] == "nominal", "not nominal")
    made = server.ask("POST", "/api/v1/share", [*common, FORM], f"secret={quote(TEXT)}&ttl=3600").ok()
    once(server, made["secret_key"], [*common, FORM])


def glpi_old(server):
    kind = "Content-Type: multipart/form-data; boundary=------------------------0123456789abcdef"
    body = multipart("------------------------0123456789abcdef", secret=TEXT, ttl="3600", passphrase="")
    made = server.ask("POST", "/api/v1/share", [server.login, "Accept: */*", kind], body).ok()
    once(server, made["secret_key"])


def sharex(server):
    kind = 'Content-Type: multipart/form-data; boundary="---------------------8dbd8d1a"'
    body = multipart("---------------------8dbd8d1a", secret=TEXT, ttl="3600")
    made = server.ask("POST", "/api/v1/share", ["User-Agent: ShareX/15.0", kind, "Expect: 100-continue"], body).ok()
    once(server, made["secret_key"])


def logic_apps(server):
    common = [server.login, "User-Agent: azure-logic-apps/1.0", "Accept-Language: en-US"]
    made = server.ask("POST", f"/api/v1/share?secret={quote(TEXT)}&ttl=3600", common).ok()
    ints(made)
    once(server, made["secret_key"], common)
    looked = server.ask("GET", f"/api/v1/private/{made['metadata_key']}", common).ok()
    are(int, looked, "received")
    are(list, looked, "recipient")
    server.ask("GET", "/api/v1/private/recent", common).ok()


def one_liners(server):
    agent = ["User-Agent: curl/8.5.0", "Accept: */*"]
    kind = "Content-Type: multipart/form-data; boundary=x"
    for lines, body, target in [
        ([kind], multipart("x", secret=TEXT), ""),
        ([FORM], f"secret={quote(TEXT)}", ""),
        ([FORM], json.dumps({"secret": TEXT}), ""),
        ([], "", f"?secret={quote(TEXT)}"),
    ]:
        made = server.ask("POST", f"/api/v1/share{target}", [*agent, *lines], body).ok()
        once(server, made["secret_key"], agent, target="?passphrase=")


def odd_libraries(server):
    made = [
        server.ask("POST", "/api/v1/share", [], f"secret={quote(TEXT)}", version="1.0"),
        server.ask("POST", "/api/v1/share/", [FORM], f"&secret={quote(TEXT)}&&"),
        server.ask("POST", f"/api/v1/share?secret={quote(TEXT)}", [JSON], length=False),
        server.ask("POST", f"/api/v1/share?&secret={quote(TEXT)}&", ["Content-Type: text/plain"]),
        server.ask("POST", "/api/v1/share", [FORM, "Expect: 100-continue"], f"secret={quote(TEXT)}"),
    ]
    form = f"secret={quote(TEXT)}"
    chunks = f"7\r\n{form[:7]}\r\n{len(form) - 7:x}\r\n{form[7:]}\r\n0\r\n\r\n"
    made.append(server.ask("POST", "/api/v1/share", [FORM, "Transfer-Encoding: chunked"], chunks, length=False))
    for reply in made:
        once(server, reply.ok()["secret_key"], target="/?")
    server.ask("GET", "/api/v1/status?", ["Authorization: Basic Og=="]).ok()


PROGRAMS = [
    ("onetimesecret-api", "JavaScript", "2.1.1", npm_2, True),
    ("onetimesecret-bash", "Bash", "", bash, True),
    ("corbaltcode/go-onetimesecret", "Go", "", corbaltcode, True),
    ("chelnak", "Go", "", chelnak, True),
    ("emdneto/otsgo", "Go", "", otsgo, False),
    ("jdockerty", "Go", "", jdockerty, False),
    ("gots", "Go", "", gots, True),
    ("Ruby gem", "Ruby", "0.5.1", ruby_gem, True),
    ("Ruby SDK, version 1", "Ruby", "", ruby_sdk, True),
    ("PowerShell module", "PowerShell", "2.2.1", powershell_module, True),
    ("PowerShell one-off scripts", "PowerShell", "", powershell_one_off, False),
    ("Perl module", "Perl", "", perl, True),
    ("Alfred workflow", "PHP", "", php_alfred, True),
    ("Java client", "Java", "", java, False),
    ("OneTimeSharp", "C#", "", onetimesharp, True),
    ("py_onetimesecret", "Python", "", py_onetimesecret, False),
    ("GLPI plug-in, old", "PHP", "", glpi_old, True),
    ("ShareX", "C#", "", sharex, False),
    ("Logic Apps, Power Automate", "-", "", logic_apps, True),
    ("chat bots, dotfiles, curl", "Shell", "", one_liners, False),
    ("old and odd HTTP libraries", "-", "", odd_libraries, False),
]
