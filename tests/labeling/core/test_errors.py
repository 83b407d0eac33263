"""Whatever is sent, the answer is `{code, message, fields}` with a 4xx."""

import json

import pytest
from django.db import DataError, IntegrityError, OperationalError
from rest_framework.test import APIRequestFactory

from labeling.core.api.views import ApiView
from labeling.core.errors import Conflict
from labeling.core.permissions import Access


def refused(answer, status: int, code: str) -> dict:
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), answer.content
    assert set(body) == {"code", "message", "fields"}
    assert isinstance(body["fields"], dict)
    assert body["message"][-1] in ".!?"
    return body


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"{", 400, "parse_error"),
        (b"", 400, "invalid"),
        (b"\xff\xfe\x00", 400, "parse_error"),
        (b"[" * 100_000, 400, "parse_error"),
        (b"[]", 400, "invalid"),
        (b"null", 400, "invalid"),
        (b'"text"', 400, "invalid"),
        (b'{"email": NaN, "password": "x"}', 400, "parse_error"),
        (b'{"email": ' + b"9" * 5000 + b', "password": "x"}', 400, "parse_error"),
        (b'{"email": {"a": []}, "password": "x"}', 400, "invalid"),
        (b'{"email": "a@example.com\\u0000", "password": "x"}', 400, "invalid"),
        (b'{"email": "a@example.com", "password": "\\ud800"}', 400, "invalid"),
        (b'{"email": "a@example.com", "password": "' + b"x" * 300 + b'"}', 400, "invalid"),
    ],
)
def test_garbage_bodies(anonymous, db, content, status, code):
    answer = anonymous.generic("POST", "/api/session", content, content_type="application/json")
    refused(answer, status, code)


def test_field_errors_are_named(anonymous, db):
    answer = anonymous.post("/api/session", {"email": "not an address"}, format="json")
    body = refused(answer, 400, "invalid")
    assert set(body["fields"]) == {"email", "password"}
    assert body["message"].startswith("email: ")


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nope", "/api/session/", "/assets/x.js", "/static/x"])
def test_unknown_addresses(anonymous, db, settings, path, debug):
    settings.DEBUG = debug
    refused(anonymous.get(path), 404, "not_found")


def test_other_refusals(anonymous, as_bob, db):
    refused(anonymous.put("/api/session", {}, format="json"), 405, "method_not_allowed")
    refused(anonymous.options("/api/session"), 405, "method_not_allowed")
    xml = anonymous.generic("POST", "/api/session", b"<a/>", content_type="text/xml")
    refused(xml, 415, "unsupported_media_type")
    refused(as_bob.get("/api/me", HTTP_ACCEPT="text/html"), 406, "not_acceptable")
    refused(anonymous.get("/api/me"), 401, "not_signed_in")
    refused(as_bob.get("/api/tokens?cursor=%00nonsense"), 400, "bad_cursor")
    refused(as_bob.delete("/api/tokens/" + "9" * 30), 404, "not_found")


def test_a_bad_host_is_refused_in_json(anonymous, db):
    refused(anonymous.get("/api/session", HTTP_HOST="evil.example.com"), 400, "bad_request")


@pytest.mark.parametrize(
    ("raised", "status", "code"),
    [
        (Conflict("Reload.", fields={"a": 1}), 409, "conflict"),
        (IntegrityError("UNIQUE constraint failed: secret.table"), 409, "conflict"),
        (DataError("unsupported Unicode escape sequence"), 400, "invalid"),
        (OperationalError("password=hunter2"), 500, "server_error"),
        (KeyError("hunter2"), 500, "server_error"),
    ],
)
def test_what_a_view_raises(db, raised, status, code):
    class Failing(ApiView):
        access = {"GET": Access.PUBLIC}

        def get(self, request):
            raise raised

    answer = Failing.as_view()(APIRequestFactory().get("/api/x")).render()
    body = json.loads(answer.content)
    assert (answer.status_code, body["code"]) == (status, code)
    assert "hunter2" not in answer.rendered_content.decode()
    assert "secret" not in answer.rendered_content.decode()


def test_a_failure_outside_rest_framework_is_json_too(client, db, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr("deploy.views._migrations_applied", lambda: 1 / 0)
    refused(client.get("/api/health"), 500, "server_error")
