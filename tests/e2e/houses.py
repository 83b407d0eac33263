"""What every test of the whole product does first: a first account, a project, its people."""

from __future__ import annotations

from pathlib import Path

from deploy.stack import Stack
from rlhf.client import Client

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
