"""Signing in by a real OpenID Connect provider, which runs as a process of its own."""

import os
import subprocess
import sys

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from django.utils import timezone

from deploy import env, oidc
from labeling.core.models import AuditEvent, User
from labeling.core.services import tokens
from tests.conftest import PASSWORD
from tests.labeling.core.test_second_factor import code, code_for, enrol
from tests.oidc_provider import CLIENT_ID, CLIENT_SECRET


@pytest.fixture(scope="module")
def provider():
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.oidc_provider"], stdout=subprocess.PIPE, text=True
    )
    yield process.stdout.readline().strip()
    process.terminate()
    process.wait(10)


@pytest.fixture
def lab(provider, settings, monkeypatch, db):
    """The server knows one provider, as an operator would tell it: by environment variables."""
    for name, value in {
        "OIDC_PROVIDERS": "lab",
        "OIDC_LAB_URL": provider,
        "OIDC_LAB_NAME": "The lab",
        "OIDC_LAB_CLIENT_ID": CLIENT_ID,
        "OIDC_LAB_CLIENT_SECRET": CLIENT_SECRET,
    }.items():
        monkeypatch.setenv(name, value)
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": oidc.providers()}
    }
    return provider


def vouch_for(provider, **person):
    requests.put(f"{provider}/person", json=person, timeout=5)


def go_there(client, next_page="/projects"):
    """The whole way: our start, the provider, and back to us."""
    body = {"provider": "lab", "next": next_page}
    url = client.post("/api/session/providers", body, format="json").json()["url"]
    back = requests.get(url, allow_redirects=False, timeout=5).headers["Location"]
    return client.get(back.removeprefix("http://testserver"))


DORA = {"sub": "d-1", "email": "Dora@example.com", "email_verified": True, "name": "Dora"}


def test_a_new_person_gets_an_account_and_comes_back_to_it(lab, anonymous):
    vouch_for(lab, **DORA)
    shown = anonymous.get("/api/session/providers").json()
    assert shown == {"results": [{"id": "lab", "name": "The lab"}]}
    assert go_there(anonymous)["Location"] == "/projects"
    me = anonymous.get("/api/session").json()["user"]
    assert (me["email"], me["name"], me["is_operator"]) == ("dora@example.com", "Dora", False)
    anonymous.delete("/api/session")
    vouch_for(lab, **{**DORA, "email": "moved@example.com"})
    go_there(anonymous)
    assert anonymous.get("/api/session").json()["user"]["id"] == me["id"]
    assert User.objects.count() == 1
    assert SocialAccount.objects.get().extra_data == {}
    assert AuditEvent.objects.filter(action="user.created", object_id=str(me["id"])).exists()


def test_an_account_with_the_same_address_is_linked_and_its_old_keys_die(lab, anonymous, bob):
    _, secret = tokens.create_token(user=bob, name="x", now=timezone.now())
    vouch_for(lab, sub="b-1", email=bob.email, email_verified=True, name="Robert")
    go_there(anonymous)
    assert anonymous.get("/api/session").json()["user"]["id"] == bob.pk
    bob.refresh_from_db()
    assert not bob.check_password(PASSWORD)
    assert tokens.authenticate(secret=secret, now=timezone.now()) is None


def test_an_unconfirmed_address_opens_nothing(lab, anonymous, bob):
    vouch_for(lab, sub="b-2", email=bob.email, email_verified=False)
    assert go_there(anonymous)["Location"] == "/sign-in?problem=email_not_verified"
    vouch_for(lab, sub="b-3")
    assert go_there(anonymous)["Location"] == "/sign-in?problem=email_not_verified"
    assert anonymous.get("/api/session").json()["user"] is None
    bob.refresh_from_db()
    assert bob.check_password(PASSWORD)


def test_the_second_factor_is_asked_for_all_the_same(lab, as_bob, anonymous, bob):
    secret, _ = enrol(as_bob)
    vouch_for(lab, sub="b-1", email=bob.email, email_verified=True)
    assert go_there(anonymous)["Location"] == "/sign-in?next=%2Fprojects"
    state = anonymous.get("/api/session").json()
    assert (state["user"], state["second_factor"]) == (None, "needed")
    assert code(anonymous, code_for(secret)).json()["user"]["id"] == bob.pk


def test_strangers_can_be_kept_out(lab, anonymous, settings):
    settings.OIDC_SIGN_UP = False
    vouch_for(lab, **DORA)
    assert go_there(anonymous)["Location"] == "/sign-in?problem=no_account"
    assert not User.objects.exists()


def test_someone_deactivated_stays_out(lab, anonymous, make_user):
    gone = make_user("Gone", is_active=False)
    vouch_for(lab, sub="g-1", email=gone.email, email_verified=True)
    assert go_there(anonymous)["Location"] == "/sign-in?problem=account_closed"
    assert anonymous.get("/api/session").json()["user"] is None


def test_a_provider_that_refuses_and_a_forged_return_lead_to_the_sign_in_page(lab, anonymous):
    vouch_for(lab, refuses=True)
    assert go_there(anonymous)["Location"] == "/sign-in?problem=provider_refused"
    forged = anonymous.get("/accounts/oidc/lab/login/callback/?code=x&state=made-up")
    assert forged["Location"] == "/sign-in?problem=provider_refused"


def test_nobody_is_led_to_another_server(lab, anonymous):
    for elsewhere in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:x"):
        vouch_for(lab, **DORA)
        assert go_there(anonymous, elsewhere)["Location"] == "/"


def test_an_unknown_provider_and_one_that_is_away(lab, anonymous, settings):
    unknown = anonymous.post("/api/session/providers", {"provider": "x"}, format="json")
    assert unknown.status_code == 404
    apps = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    apps[0]["settings"]["server_url"] = "http://127.0.0.1:9"
    away = anonymous.post("/api/session/providers", {"provider": "lab"}, format="json")
    assert (away.status_code, away.json()["code"]) == (503, "provider_away")


def test_half_a_provider_is_reported(monkeypatch):
    monkeypatch.setattr(env, "PROBLEMS", [])
    monkeypatch.setenv("OIDC_PROVIDERS", "lab,Bad Name,campus")
    monkeypatch.setenv("OIDC_LAB_URL", "ftp://lab")
    monkeypatch.setenv("OIDC_CAMPUS_URL", "https://campus")
    monkeypatch.setenv("OIDC_CAMPUS_CLIENT_ID", "p")
    assert oidc.providers() == []
    assert [problem.split(":")[0] for problem in env.PROBLEMS] == [
        "OIDC_LAB_URL is not usable",
        "OIDC_PROVIDERS names 'lab'",
        "OIDC_PROVIDERS names 'Bad Name'",
        "OIDC_PROVIDERS names 'campus'",
    ]
    assert "OIDC_CAMPUS_CLIENT_SECRET" in env.PROBLEMS[-1]


@pytest.mark.once
def test_bad_settings_are_system_checks(tmp_path):
    surroundings = {
        **os.environ,
        "PLUMBLINE_VAR": str(tmp_path),
        "OIDC_PROVIDERS": "lab",
        "SECOND_FACTOR": "sometimes",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], env=surroundings, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "OIDC_LAB_CLIENT_ID" in done.stderr
    assert "SECOND_FACTOR" in done.stderr
