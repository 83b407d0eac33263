from datetime import timedelta

from django.utils import timezone
from rest_framework.test import APIClient

from labeling.core.models import ApiToken, AuditEvent
from labeling.core.services import tokens


def bearer(secret: str) -> APIClient:
    client = APIClient(enforce_csrf_checks=True)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def test_the_secret_is_shown_once_and_only_its_digest_is_kept(as_bob, bob):
    made = as_bob.post("/api/tokens", {"name": "laptop"}, format="json")
    assert made.status_code == 201
    secret = made.json()["secret"]
    assert secret.startswith("pl_")
    row = ApiToken.objects.get()
    assert secret not in [str(value) for value in vars(row).values()]
    [listed] = as_bob.get("/api/tokens").json()["results"]
    assert "secret" not in listed
    assert listed["prefix"] == secret[:8]
    assert AuditEvent.objects.filter(actor=bob, action="token.created").exists()


def test_a_token_reads_and_writes_without_csrf(bob):
    _, secret = tokens.create_token(user=bob, name="script", now=timezone.now())
    client = bearer(secret)
    assert client.get("/api/me").json()["email"] == bob.email
    assert client.patch("/api/me", {"name": "Bobby"}, format="json").status_code == 200


def test_a_token_makes_no_tokens_and_sets_no_password(bob):
    _, secret = tokens.create_token(user=bob, name="script", now=timezone.now())
    client = bearer(secret)
    assert client.post("/api/tokens", {"name": "more"}, format="json").status_code == 401
    assert client.post("/api/me/password", {"old": "a", "new": "b"}, format="json").status_code == 401


def test_a_revoked_token_is_dead_at_once(as_bob, bob):
    token, secret = tokens.create_token(user=bob, name="script", now=timezone.now())
    assert as_bob.delete(f"/api/tokens/{token.pk}").status_code == 204
    answer = bearer(secret).get("/api/me")
    assert answer.status_code == 401
    assert answer.json()["code"] == "invalid_token"
    assert as_bob.get("/api/tokens").json()["results"] == []
    assert as_bob.delete(f"/api/tokens/{token.pk}").status_code == 404


def test_nobody_revokes_someone_elses_token(as_carol, bob):
    token, _ = tokens.create_token(user=bob, name="script", now=timezone.now())
    assert as_carol.delete(f"/api/tokens/{token.pk}").status_code == 404
    assert as_carol.get("/api/tokens").json()["results"] == []
    token.refresh_from_db()
    assert token.revoked_at is None


def test_a_token_of_someone_deactivated_is_dead(bob):
    _, secret = tokens.create_token(user=bob, name="script", now=timezone.now())
    bob.is_active = False
    bob.save()
    assert bearer(secret).get("/api/me").status_code == 401


def test_garbage_tokens_are_refused(db):
    for secret in ("", "pl_", "plr_run", "ä" * 3, "x" * 5000):
        answer = bearer(secret).get("/api/me")
        assert answer.status_code == 401, secret
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_reading_by_token_writes_at_most_once_a_minute(bob, django_assert_num_queries):
    now = timezone.now()
    token, secret = tokens.create_token(user=bob, name="script", now=now)
    with django_assert_num_queries(2):
        tokens.authenticate(secret=secret, now=now)
    with django_assert_num_queries(1):
        tokens.authenticate(secret=secret, now=now + timedelta(seconds=59))
    with django_assert_num_queries(2):
        tokens.authenticate(secret=secret, now=now + timedelta(seconds=60))
    token.refresh_from_db()
    assert token.last_used_at == now + timedelta(seconds=60)
