"""What every test of the whole product does first: a first account, a project, its people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deploy.stack import Stack
from rlhf.client import Client

CHEAP_PASSWORDS = {"DJANGO_SETTINGS_MODULE": "tests.e2e.settings"}
PASSWORD = "a horse that counts to nine"
BASE_MODEL = Path(__file__).resolve().parents[2] / "fixtures" / "base-model"


def sign_up(house: Stack) -> Client:
    """The first account of this installation, signed in."""
    client = Client(house.url, retry_seconds=60)
    client.get("/api/session")
    account = {"email": "alice@example.com", "name": "Alice", "password": PASSWORD}
    client.post("/api/setup", {**account, "setup_key": house.setup_key()})
    return client.login("alice@example.com", PASSWORD)


def add_member(owner: Client, slug: str, name: str, role: str) -> str:
    """Returns the address to sign in with."""
    email = f"{name.lower()}@example.com"
    owner.post(
        f"/api/projects/{slug}/members", {"email": email, "name": name, "role": role, "password": PASSWORD}
    )
    return email


def project(owner: Client, name: str, rows: list[dict[str, Any]], **protocol: Any) -> tuple[str, str]:
    """A project of its own with somebody to rank in it: its slug, and the address to sign in with."""
    slug = owner.post("/api/projects", {"name": name})["slug"]
    email = add_member(owner, slug, name.replace(" ", ""), "annotator")
    if protocol:
        change_protocol(owner, slug, **protocol)
    if rows:
        owner.import_rows(slug, rows)
    return slug, email


def change_protocol(owner: Client, slug: str, **changes: Any) -> None:
    now = owner.get(f"/api/projects/{slug}/protocol")
    wanted = {"base": now["number"], "protocol": {**now["protocol"], **changes}}
    owner.put(f"/api/projects/{slug}/protocol", wanted)


def pairs(count: int) -> list[dict[str, Any]]:
    return [{"prompt": f"Question {n}?", "responses": [f"Yes, {n}.", f"No, {n}."]} for n in range(count)]
