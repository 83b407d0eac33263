import stat
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from labeling.core.models import User
from labeling.core.services import setup

PERSON = {"email": "Olga@Example.com", "name": "Olga", "password": "nine horses counting"}


def test_the_first_administrator_needs_the_key_from_the_servers_folder(anonymous, db, settings):
    assert anonymous.get("/api/session").json()["setup_needed"] is True
    early = anonymous.post("/api/setup", {**PERSON, "setup_key": ""}, format="json")
    assert early.json()["code"] == "wrong_setup_key"

    key = setup.ensure_setup_key()
    path = Path(settings.VAR_DIR) / "setup_key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert setup.ensure_setup_key() == key

    wrong = anonymous.post("/api/setup", {**PERSON, "setup_key": "guess"}, format="json")
    assert wrong.status_code == 400
    assert "setup_key" in wrong.json()["fields"]
    assert not User.objects.exists()

    answer = anonymous.post("/api/setup", {**PERSON, "setup_key": key}, format="json")
    assert answer.status_code == 201
    assert answer.json()["user"]["is_operator"] is True
    assert anonymous.get("/api/me").json()["email"] == "olga@example.com"
    assert not path.exists()
    assert setup.ensure_setup_key() is None


def test_setup_happens_once(anonymous, operator):
    answer = anonymous.post("/api/setup", {**PERSON, "setup_key": "any"}, format="json")
    assert answer.status_code == 409
    assert answer.json()["code"] == "already_set_up"


def test_a_weak_password_leaves_nothing_behind(anonymous, db):
    key = setup.ensure_setup_key()
    weak = anonymous.post("/api/setup", {**PERSON, "password": "12345", "setup_key": key}, format="json")
    assert weak.json()["code"] == "weak_password"
    assert not User.objects.exists()
    assert setup.ensure_setup_key() == key


def test_setup_needs_the_csrf_token(db):
    client = APIClient(enforce_csrf_checks=True)
    answer = client.post("/api/setup", {**PERSON, "setup_key": setup.ensure_setup_key()}, format="json")
    assert answer.json()["code"] == "csrf_failed"


def test_create_operator_command(db, capsys, monkeypatch):
    monkeypatch.setenv("PLUMBLINE_OPERATOR_PASSWORD", "nine horses counting")
    call_command("create_operator", email="Op@example.com", name="Op")
    assert User.objects.get().is_operator
    with pytest.raises(CommandError, match="another address"):
        call_command("create_operator", email="op@example.com", name="Op")
    monkeypatch.delenv("PLUMBLINE_OPERATOR_PASSWORD")
    with pytest.raises(CommandError, match="--password"):
        call_command("create_operator", email="op2@example.com", name="Op")
    with pytest.raises(CommandError, match="too short"):
        call_command("create_operator", email="op2@example.com", name="Op", password="short")
