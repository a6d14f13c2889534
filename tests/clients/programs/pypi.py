"""The PyPI package `onetimesecret`, unmodified, of either version. It shares; reading the link is left to
people, so what it shared is read with the standard library."""

import json
import os
import urllib.error
import urllib.request

from onetimesecret import OneTimeSecretCli

BASE, USER, TOKEN = (os.environ[name] for name in ("OTS_BASE", "OTS_USER", "OTS_TOKEN"))
TEXT = "S3cr3t & 100% \u00fcml\u00e4ut"


def post(path):
    request = urllib.request.Request(f"{BASE}/api/v1{path}", data=b"", method="POST")
    try:
        with urllib.request.urlopen(request) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.load(refusal)


def reads_once(link):
    base, key = link.rsplit("/secret/", 1)
    assert base == BASE, link
    status, found = post(f"/secret/{key}")
    assert (status, found["value"]) == (200, TEXT), found
    status, found = post(f"/secret/{key}")
    assert (status, found["message"]) == (404, "Unknown secret"), found


reads_once(OneTimeSecretCli(USER, TOKEN, url=BASE).create_link(TEXT, ttl=3600))
try:
    from onetimesecret import OneTimeSecretError
except ImportError:
    # Version 0.1 always sends credentials, blank ones if it has none, and knows no errors.
    reads_once(OneTimeSecretCli("", "", url=BASE).create_link(TEXT))
else:
    reads_once(OneTimeSecretCli(url=BASE).create_link(TEXT))
    try:
        OneTimeSecretCli("nobody@example.com", "0" * 40, url=BASE).create_link(TEXT)
        raise AssertionError("wrong credentials are accepted")
    except OneTimeSecretError as refusal:
        assert "Not authorized" in str(refusal), refusal
    try:
        OneTimeSecretCli(url=BASE).create_link("")
        raise AssertionError("an empty secret is accepted")
    except OneTimeSecretError as refusal:
        assert "You did not provide anything to share" in str(refusal), refusal
