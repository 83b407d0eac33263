"""Second factors with real codes, from an authenticator written here after RFC 6238."""

import base64
import hashlib
import hmac
import struct
import time

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.utils import timezone
from rest_framework.test import APIClient

from labeling.core.models import AuditEvent
from labeling.core.services import limits, sign_in, tokens
from tests.conftest import PASSWORD


def code_for(secret: str, at: float | None = None) -> str:
    counter = int((time.time() if at is None else at) // 30)
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", counter), hashlib.sha1).digest()
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**6:06}"


def test_our_authenticator_gives_the_published_values():
    secret = base64.b32encode(b"12345678901234567890").decode()
    assert [code_for(secret, at) for at in (59, 1111111109, 2000000000)] == ["287082", "081804", "279037"]


def enrol(client) -> tuple[str, list[str]]:
    secret = client.post("/api/me/second-factor/secret").json()["secret"]
    made = client.post("/api/me/second-factor", {"code": code_for(secret)}, format="json")
    assert made.status_code == 201, made.content
    return secret, made.json()["recovery_codes"]


def password(client, user):
    return client.post("/api/session", {"email": user.email, "password": PASSWORD}, format="json")


def code(client, text):
    return client.post("/api/session", {"code": text}, format="json")


def test_signing_in_takes_two_steps_at_one_address(as_bob, anonymous, bob):
    secret, _ = enrol(as_bob)
    first = password(anonymous, bob).json()
    assert (first["user"], first["second_factor"]) == (None, "needed")
    assert anonymous.get("/api/me").status_code == 401
    assert anonymous.get("/api/session").json()["second_factor"] == "needed"
    wrong = code(anonymous, "000000")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "wrong_code")
    assert anonymous.get("/api/me").status_code == 401
    done = code(anonymous, code_for(secret)).json()
    assert (done["user"]["email"], done["second_factor"]) == (bob.email, None)
    assert anonymous.get("/api/me").status_code == 200


def test_a_code_can_come_with_the_password(as_bob, anonymous, bob):
    secret, _ = enrol(as_bob)
    body = {"email": bob.email, "password": PASSWORD, "code": code_for(secret)}
    assert anonymous.post("/api/session", body, format="json").json()["user"]["id"] == bob.pk


def test_a_code_works_once(as_bob, login, anonymous, bob):
    secret, _ = enrol(as_bob)
    seen = code_for(secret)
    password(anonymous, bob)
    assert code(anonymous, seen).status_code == 200
    anonymous.delete("/api/session")
    password(anonymous, bob)
    assert code(anonymous, seen).json()["code"] == "wrong_code"


def test_a_recovery_code_works_once_and_is_recorded(as_bob, anonymous, bob):
    _, codes = enrol(as_bob)
    assert len(set(codes)) == 10
    password(anonymous, bob)
    assert code(anonymous, codes[0]).json()["user"]["id"] == bob.pk
    assert as_bob.get("/api/me/second-factor").json() == {"enabled": True, "recovery_codes_left": 9}
    anonymous.delete("/api/session")
    password(anonymous, bob)
    assert code(anonymous, codes[0]).json()["code"] == "wrong_code"
    assert AuditEvent.objects.filter(actor=bob, action="second_factor.code_used").count() == 1


def test_nobody_signs_in_with_a_code_alone(as_bob, anonymous, bob):
    secret, _ = enrol(as_bob)
    assert code(anonymous, code_for(secret)).json()["code"] == "nobody_waiting"


def test_waiting_for_the_code_ends(as_bob, anonymous, bob, monkeypatch):
    secret, _ = enrol(as_bob)
    password(anonymous, bob)
    later = time.time() + sign_in.WAITING_SECONDS + 1
    monkeypatch.setattr(sign_in.time, "time", lambda: later)
    assert code(anonymous, code_for(secret, later)).json()["code"] == "nobody_waiting"


def test_a_new_password_voids_the_wait(as_bob, anonymous, bob):
    secret, _ = enrol(as_bob)
    password(anonymous, bob)
    as_bob.post("/api/me/password", {"old": PASSWORD, "new": "another long one"}, format="json")
    assert code(anonymous, code_for(secret)).json()["code"] == "nobody_waiting"


def test_codes_cannot_be_guessed(as_bob, anonymous, bob):
    secret, _ = enrol(as_bob)
    cache.clear()
    password(anonymous, bob)
    for _ in range(limits.SECOND_FACTOR.tries):
        assert code(anonymous, "000000").status_code == 400
    assert code(anonymous, code_for(secret)).status_code == 429


def test_turning_it_off_takes_a_code(as_bob, anonymous, bob):
    secret, _ = enrol(as_bob)
    assert as_bob.delete("/api/me/second-factor?code=000000").status_code == 400
    assert as_bob.delete("/api/me/second-factor").status_code == 400
    assert as_bob.delete(f"/api/me/second-factor?code={code_for(secret)}").status_code == 204
    assert not Authenticator.objects.exists()
    assert password(anonymous, bob).json()["user"]["id"] == bob.pk


def test_new_recovery_codes_kill_the_old(as_bob, bob):
    secret, old = enrol(as_bob)
    body = {"code": code_for(secret)}
    new = as_bob.post("/api/me/second-factor/recovery-codes", body, format="json").json()["recovery_codes"]
    assert set(new).isdisjoint(old)
    assert as_bob.delete(f"/api/me/second-factor?code={old[0]}").status_code == 400
    assert as_bob.delete(f"/api/me/second-factor?code={new[0]}").status_code == 204


def test_a_second_factor_is_set_up_with_a_right_code_and_once(as_bob):
    secret = as_bob.post("/api/me/second-factor/secret").json()["secret"]
    assert as_bob.post("/api/me/second-factor", {"code": "000000"}, format="json").status_code == 400
    assert as_bob.get("/api/me/second-factor").json()["enabled"] is False
    as_bob.post("/api/me/second-factor", {"code": code_for(secret)}, format="json")
    again = as_bob.post("/api/me/second-factor/secret")
    assert (again.status_code, again.json()["code"]) == (409, "second_factor_exists")


def test_the_database_alone_gives_no_codes(as_bob):
    secret, codes = enrol(as_bob)
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept
    assert not any(one in kept for one in codes)


def test_an_operator_helps_who_lost_everything(as_bob, as_operator, as_alice, anonymous, bob):
    enrol(as_bob)
    assert as_alice.delete(f"/api/people/{bob.pk}/second-factor").status_code == 403
    assert as_operator.delete(f"/api/people/{bob.pk}/second-factor").status_code == 204
    assert password(anonymous, bob).json()["user"]["id"] == bob.pk


@pytest.mark.once
@pytest.mark.parametrize(("asked_of", "bob_must"), [("everyone", True), ("operators", False)])
def test_a_server_can_ask_for_it(settings, as_bob, as_operator, project, asked_of, bob_must):
    settings.SECOND_FACTOR = asked_of
    for client, must in ((as_bob, bob_must), (as_operator, True)):
        assert client.get("/api/session").json()["second_factor"] == ("to_set_up" if must else None)
        answer = client.get("/api/projects")
        assert answer.status_code == (403 if must else 200)
        if must:
            assert answer.json()["code"] == "second_factor_needed"
            assert client.get("/api/me").status_code == 200
            enrol(client)
            assert client.get("/api/projects").status_code == 200


def test_a_wrong_code_is_in_the_audit_log_and_the_sign_in_says_how(as_bob, anonymous, bob):
    secret, _ = enrol(as_bob)
    password(anonymous, bob)
    code(anonymous, "000000")
    code(anonymous, code_for(secret))
    events = AuditEvent.objects.filter(action__startswith="user.sign").order_by("pk")
    assert list(events.values_list("action", "actor", "object_id", "data")) == [
        ("user.sign_in_failed", None, str(bob.pk), {"by": "code"}),
        ("user.signed_in", bob.pk, str(bob.pk), {"by": "password", "second_factor": True}),
    ]


def test_a_token_waits_for_its_owners_second_factor(settings, project, as_bob, bob):
    _, secret = tokens.create_token(user=bob, name="script", now=timezone.now())
    script = APIClient(headers={"authorization": f"Bearer {secret}"})
    addresses = ("/api/projects", "/api/projects/support", "/api/projects/support/my-timesheet")
    settings.SECOND_FACTOR = "everyone"
    for address in addresses:
        refused = script.get(address)
        assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_needed")
        assert "sign in as the owner of this token" in refused.json()["message"]
    taken = script.post("/api/projects/support/assignments/next", {}, format="json")
    assert (taken.status_code, taken.json()["code"]) == (403, "second_factor_needed")
    enrol(as_bob)
    assert script.get("/api/projects/support").status_code == 200
    settings.SECOND_FACTOR = "operators"
    Authenticator.objects.all().delete()
    type(bob).objects.update(has_second_factor=False)
    assert script.get("/api/projects/support").status_code == 200


def test_a_project_can_ask_for_it(as_alice, as_bob, project):
    locked_out = as_alice.patch("/api/projects/support", {"require_second_factor": True}, format="json")
    assert locked_out.json()["code"] == "second_factor_needed"
    enrol(as_alice)
    assert (
        as_alice.patch("/api/projects/support", {"require_second_factor": True}, format="json").status_code
        == 200
    )
    closed = as_bob.get("/api/projects/support")
    assert (closed.status_code, closed.json()["code"]) == (403, "second_factor_needed")
    enrol(as_bob)
    assert as_bob.get("/api/projects/support").status_code == 200
