"""Health, the page itself, and its files."""

import gzip
import re

import pytest
from django.test import Client

from deploy import views


@pytest.fixture
def built(settings):
    """A built frontend."""
    dist = settings.FRONTEND_DIST
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text('<!doctype html><meta nonce="PAGE_NONCE"><title>Plumbline</title>')
    script = b"export {};" * 100
    (dist / "assets" / "index-Bx3_d-9Z.js").write_bytes(script)
    (dist / "assets" / "index-Bx3_d-9Z.js.gz").write_bytes(gzip.compress(script))
    (dist / "assets" / "index-Bx3_d-9Z.js.br").write_bytes(b"Brotli of it")
    (dist / "favicon.svg").write_text("<svg/>")
    settings.WHITENOISE_ROOT = dist
    return dist


def test_health_is_good_when_the_database_answers(client, db):
    answer = client.get("/api/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_health_names_missing_migrations(client, db, monkeypatch):
    monkeypatch.setattr(views, "_migrated", False)
    monkeypatch.setattr(views.MigrationExecutor, "migration_plan", lambda self, targets: ["one"])
    answer = client.get("/api/health")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_migrated")


@pytest.mark.parametrize("path", ["/", "/projects/support", "/runs/7/curves", "/reset-password?uid=x"])
def test_every_page_is_the_app_and_never_kept(db, built, path):
    answer = Client().get(path)
    assert answer.status_code == 200
    assert b"<title>Plumbline" in answer.content
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "csrftoken" in answer.cookies


def test_hashed_files_are_kept_forever_and_others_are_not(db, built):
    browser = Client()
    script = browser.get("/assets/index-Bx3_d-9Z.js")
    assert script.status_code == 200
    assert "immutable" in script.headers["Cache-Control"]
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert "immutable" not in browser.get("/favicon.svg").headers["Cache-Control"]
    assert browser.get("/assets/index-old.js").status_code == 404


def test_styles_are_allowed_under_a_nonce_of_that_one_page(db, built):
    nonces = set()
    for _ in range(2):
        answer = Client().get("/")
        [nonce] = re.findall(rb'nonce="([\w-]{20,})"', answer.content)
        policy = answer.headers["Content-Security-Policy"]
        assert f"style-src 'self' 'nonce-{nonce.decode()}'" in policy
        assert "unsafe" not in policy
        nonces.add(nonce)
    assert len(nonces) == 2


@pytest.mark.parametrize(
    ("accepted", "sent"), [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("identity", None)]
)
def test_scripts_leave_as_small_as_the_browser_takes_them(db, built, accepted, sent):
    script = Client().get("/assets/index-Bx3_d-9Z.js", headers={"Accept-Encoding": accepted})
    assert script.headers.get("Content-Encoding") == sent
    assert script.headers["Vary"] == "Accept-Encoding"


def test_a_page_that_is_not_built_says_what_to_do(db, settings):
    answer = Client().get("/")
    assert answer.status_code == 503
    assert b"make setup" in answer.content
