"""Version 2 as programs speak it: their requests as their sources build them, sent as bytes."""

import json
import re

from wire import are, expect

JSON = "Content-Type: application/json"
TEXT = "S3cr3t & 100% \u00fcml\u00e4ut"


def conceal(server, lines, path="/api/v2/secret/conceal", **members):
    return server.ask("POST", path, [JSON, *lines], json.dumps({"secret": {"secret": TEXT, **members}})).ok()


def once(server, key, lines=(), path="/api/v2/secret", **members):
    body = json.dumps({"continue": True, **members})
    found = server.ask("POST", f"{path}/{key}/reveal", [JSON, *lines], body).ok()
    expect(found["record"]["secret_value"] == TEXT, "another value")
    server.ask("POST", f"{path}/{key}/reveal", [JSON, *lines], body).fails(404)


def cipp(server):
    found = conceal(server, [server.login], kind="conceal", share_domain="", ttl=3600, passphrase="right")
    expect(found.get("success") is not False, "it does not succeed")
    secret = found["record"]["secret"]
    key = secret.get("identifier") or secret.get("key")
    expect(re.match(r"^[a-zA-Z0-9_-]+$", key), f"{key!r} is no key")
    once(server, key, passphrase="right")


def glpi(server):
    reply = server.ask("POST", "/api/v2/secret/conceal", [server.login, JSON, "User-Agent: GuzzleHttp/7"], json.dumps(
        {"secret": {"kind": "conceal", "secret": TEXT, "share_domain": "", "ttl": 3600}}))
    expect(len(reply.body) < 1 << 20, "the answer is too long")
    key = reply.ok()["record"]["secret"]["identifier"]
    expect(key.isalnum(), f"{key!r} is no key")
    once(server, key)


def keepass(server):
    found = conceal(server, [server.login], kind="conceal", share_domain="", ttl="3600")
    for part in ("secret", "receipt"):
        are(str, found["record"][part], "key", "identifier")
    refused = server.ask("POST", "/api/v2/secret/conceal", [server.login, JSON], '{"secret":{"secret":""}}').fails(422)
    are(str, refused, "error", "message", "field")
    once(server, found["record"]["secret"]["key"])


def polyenv(server):
    found = conceal(server, [server.login], kind="conceal", share_domain="", passphrase="", ttl=3600)
    are(bool, found, "success")
    are(str, found, "shrimp")
    are(str, found["record"]["metadata"], "identifier")
    are(int, found["record"]["metadata"], "secret_ttl", "metadata_ttl")
    once(server, found["record"]["secret"]["identifier"])


def desktop(server):
    host = server.authority
    expect(server.ask("GET", "/api/v2/status").ok()["status"] == "nominal", "not nominal")
    are(list, server.ask("GET", "/api/v2/version").ok(), "version")
    found = conceal(server, [server.login], kind="conceal", share_domain=host, ttl=3600)
    key = found["record"]["receipt"]["identifier"]
    record = server.ask("GET", f"/api/v2/receipt/{key}", [server.login]).ok()["record"]
    expect(record["secret_state"] == "new" and not record["is_destroyed"], "it is not there")
    are(str, record, "share_url", "share_path")
    burned = server.ask("POST", f"/api/v2/receipt/{key}/burn", [server.login, JSON], "{}").ok()["record"]
    expect(burned["is_burned"] and burned["state"] == "burned", "it is not burned")
    expect(server.ask("GET", "/api/v2/receipt/recent", [server.login]).ok()["count"] > 0, "the list is empty")
    refused = server.ask("POST", f"/api/v2/receipt/{key}/burn", [server.login, JSON], "{}").fails(404)
    are(str, refused, "error")


def wardsen(server):
    found = conceal(server, [server.login], kind="conceal", share_domain="", ttl=3600)
    key = found["record"]["receipt"]["identifier"]
    record = server.ask("GET", f"/api/v2/receipt/{key}", [server.login]).ok()["record"]
    are(str, record, "share_url", "state")
    are(int, record, "expiration")
    server.ask("POST", f"/api/v2/receipt/{key}/burn", [server.login, JSON], "{}").ok()


def powershell(server):
    once(server, conceal(server, [])["record"]["secret"]["key"])


def onetime_up(server):
    found = conceal(server, [], "/api/v2/secret/conceal/")
    are(str, found["record"]["secret"], "key")
    expect(found["record"].get("receipt", {}).get("key") or found["record"]["metadata"]["key"], "no receipt")
    expect(isinstance(found["record"]["receipt"]["recipients"], (str, list)), "no recipients")
    once(server, found["record"]["secret"]["key"])


def ruby_sdk(server):
    sdk = ["Accept: application/json", "User-Agent: onetime-ruby", "X-Onetime-Client: ruby"]
    own = [server.login, *sdk]
    are(list, server.ask("GET", "/api/v2/version", sdk).ok(), "version")
    are(list, server.ask("GET", "/api/v2/supported-locales", sdk).ok(), "locales")
    guest = conceal(server, sdk, "/api/v2/guest/secret/conceal", ttl=3600)
    key = guest["record"]["secret"]["identifier"]
    server.ask("GET", f"/api/v2/guest/receipt/{guest['record']['receipt']['identifier']}", sdk).ok()
    once(server, key, sdk, "/api/v2/guest/secret")
    server.ask("POST", "/api/v2/guest/secret/generate", [JSON, *sdk], '{"secret":{"kind":"generate"}}').ok()
    mine = conceal(server, own, ttl=3600)
    expect(mine["record"]["receipt"]["custid"], "the answer names no owner")
    key, receipt = mine["record"]["secret"]["identifier"], mine["record"]["receipt"]["identifier"]
    server.ask("GET", f"/api/v2/secret/{key}", own).ok()
    server.ask("GET", f"/api/v2/secret/{key}/status", own).ok()
    body = json.dumps({"identifiers": f"{key},{'a' * 31}"})
    expect(server.ask("POST", "/api/v2/secret/status", [JSON, *own], body).ok()["count"] == 1, "another count")
    noted = server.ask("PATCH", f"/api/v2/receipt/{receipt}", [JSON, *own], '{"memo":"for Ann"}').ok()
    expect(noted["record"]["memo"] == "for Ann", "the memo is lost")
    server.ask("GET", "/api/v2/receipt/recent", own).ok()
    refused = server.ask("POST", f"/api/v2/secret/{'a' * 31}/reveal", [JSON, *own], '{"continue":true}').fails(404)
    are(str, refused, "error", "message", "error_type")


def form_page(server):
    origin = "Origin: https://intranet.example"
    asks = [origin, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type"]
    allowed = server.ask("OPTIONS", "/api/v2/secret/conceal", asks)
    expect(allowed.status == 204, f"the preflight is {allowed.status}")
    made = server.ask("POST", "/api/v2/secret/conceal", [origin, JSON], json.dumps({"secret": {"secret": TEXT}}))
    once(server, made.ok()["record"]["secret"]["key"])
    is_listed = allowed.header("access-control-allow-origin") and made.header("access-control-allow-origin")
    return "" if is_listed else "works where the operator lists the page's origin"


PROGRAMS = [
    ("CIPP-API", "PowerShell", "", cipp, True),
    ("GLPI plug-in", "PHP", "2026", glpi, True),
    ("KeePass-OneTimeSecretShare", "C#", "", keepass, True),
    ("polyenv", "Go", "", polyenv, True),
    ("desktop client", "-", "", desktop, True),
    ("WardSen", "-", "", wardsen, True),
    ("PowerShell script", "PowerShell", "", powershell, False),
    ("onetime-up", "-", "", onetime_up, False),
    ("Ruby SDK, version 2", "Ruby", "", ruby_sdk, True),
    ("pages with a form", "JavaScript", "", form_page, False),
]
