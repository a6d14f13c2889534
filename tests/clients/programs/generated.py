"""A round trip through the Python client that `openapi-python-client` makes from the description."""

import base64
import os

from tellonce_client import AuthenticatedClient, Client
from tellonce_client.api.v1 import v_1_burn, v_1_generate
from tellonce_client.api.v2 import v_2_conceal, v_2_memo, v_2_recent, v_2_reveal
from tellonce_client.models import (
    Error,
    V1GenerateRequest,
    V1PassphraseRequest,
    V2ConcealRequest,
    V2ConcealRequestSecret,
    V2MemoRequest,
    V2RevealRequest,
)

BASE, USER, TOKEN = (os.environ[name] for name in ("OTS_BASE", "OTS_USER", "OTS_TOKEN"))
TEXT = "S3cr3t & 100% \u00fcml\u00e4ut"

anyone = Client(base_url=BASE)
pair = base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()
account = AuthenticatedClient(base_url=BASE, token=pair, prefix="Basic")

wish = V2ConcealRequest(secret=V2ConcealRequestSecret(secret=TEXT, passphrase="right", ttl=3600))
made = v_2_conceal.sync(client=account, body=wish)
secret, receipt = made.record.secret.identifier, made.record.receipt.identifier


def reveal(passphrase):
    return v_2_reveal.sync(secret, client=anyone, body=V2RevealRequest(passphrase=passphrase, continue_=True))


wrong = reveal("wrong")
assert isinstance(wrong, Error) and wrong.message == "Incorrect passphrase", wrong
assert reveal("right").record.secret_value == TEXT
again = reveal("right")
assert isinstance(again, Error) and again.message == "Unknown secret", again

noted = v_2_memo.sync(receipt, client=account, body=V2MemoRequest(memo="for Ann"))
assert (noted.record.state, noted.record.memo) == ("revealed", "for Ann"), noted
generated = v_1_generate.sync(client=anyone, body=V1GenerateRequest(length=20))
assert len(generated.value) == 20, generated
burned = v_1_burn.sync(generated.metadata_key, client=anyone, body=V1PassphraseRequest())
assert burned.state.state == "burned", burned
recent = v_2_recent.sync(client=account)
assert any(record.identifier == receipt for record in recent.records)
