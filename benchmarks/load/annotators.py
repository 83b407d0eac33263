"""What an annotator without think time sends: next, submit, next, submit, …"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable

from benchmarks.load.driver import Annotator, post
from benchmarks.load.ledger import Ledger
from benchmarks.load.product import SLUG

Stop = Callable[[], bool]


def of_product(url: str, token: str, ledger: Ledger, stop: Stop) -> Annotator:
    headers = f"Authorization: Bearer {token}\r\n"
    ask = post(url, f"/api/projects/{SLUG}/assignments/next", headers, b"{}")
    while not stop():
        status, body = yield "next", ask
        if status != 200:
            ledger.refused(status)
            return
        [offer] = json.loads(body)["assignments"]
        prompt = offer["prompt"]["messages"][0]["content"]
        ledger.handed_out(prompt, offer["id"])
        client_key = str(uuid.uuid4())
        said = {
            "lease_token": offer["lease_token"],
            "client_key": client_key,
            "tiers": [[response["key"]] for response in offer["responses"]],
            "strengths": [2],
            "active_seconds": 12.5,
        }
        path = f"/api/assignments/{offer['id']}/submit"
        status, body = yield "submit", post(url, path, headers, json.dumps(said).encode())
        if status != 201:
            ledger.refused(status)
            return
        ledger.acknowledged(client_key, json.loads(body)["judgment"], prompt)


def of_bare(url: str, token: str, ledger: Ledger, stop: Stop) -> Annotator:
    headers = f"Authorization: Token {token}\r\n"
    ask = post(url, "/next", headers, b"{}")
    while not stop():
        status, body = yield "next", ask
        if status != 200:
            ledger.refused(status)
            return
        offer = json.loads(body)
        ledger.handed_out(offer["prompt"], offer["id"])
        client_key = str(uuid.uuid4())
        said = {"client_key": client_key, "tiers": [["first"], ["second"]]}
        path = f"/slots/{offer['id']}/submit"
        status, body = yield "submit", post(url, path, headers, json.dumps(said).encode())
        if status != 201:
            ledger.refused(status)
            return
        ledger.acknowledged(client_key, json.loads(body)["judgment"], offer["prompt"])
