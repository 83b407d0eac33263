from datetime import timedelta

import pytest
from django.utils import timezone

from labeling.core.models import ApiToken
from labeling.core.permissions import MATRIX, Permission, Scope, in_scopes
from labeling.core.services import tokens
from labeling.models import Membership, Project
from tests.labeling.core.test_tokens import bearer


def token_of(user, *scopes, **options):
    _, secret = tokens.create_token(
        user=user, name="script", now=timezone.now(), scopes=list(scopes), **options
    )
    return bearer(secret)


def test_every_permission_is_in_some_scope_and_scopes_give_nothing_of_their_own():
    narrow = [scope for scope in Scope if scope is not Scope.ALL]
    assert frozenset().union(*(in_scopes([scope]) for scope in narrow)) == frozenset(Permission)
    assert in_scopes([]) == frozenset()
    assert in_scopes(["all"]) == frozenset(MATRIX)


@pytest.mark.parametrize(
    ("scope", "may", "may_not"),
    [
        ("read", "tasks", "export/judgments"),
        ("export", "export/judgments", "audit"),
        ("annotate", "my-work", "tasks"),
        ("admin", "invitations", "export/comparisons"),
    ],
)
def test_a_scope_is_enforced_for_an_owner(project, alice, scope, may, may_not):
    client = token_of(alice, scope)
    assert client.get("/api/projects/support").status_code == 200
    assert client.get(f"/api/projects/support/{may}").status_code == 200
    refused = client.get(f"/api/projects/support/{may_not}")
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")


def test_a_scope_adds_nothing_to_a_role(project, bob):
    refused = token_of(bob, "all").get("/api/projects/support/audit")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


def test_a_token_for_one_project_knows_no_other(project, alice):
    other = Project.objects.create(slug="other", name="Other")
    Membership.objects.create(project=other, user=alice, role="owner")
    client = token_of(alice, "all", project_slug="support")
    assert client.get("/api/projects/support").status_code == 200
    assert client.get("/api/projects/other").status_code == 404
    assert [row["slug"] for row in client.get("/api/projects").json()["results"]] == ["support"]
    assert client.patch("/api/me", {"name": "A"}, format="json").json()["code"] == "scope_missing"


def test_an_operators_reading_token_is_no_operator(operator, project):
    assert token_of(operator, "read").get("/api/audit").json()["code"] == "scope_missing"
    assert token_of(operator, "read").post("/api/projects", {"name": "P"}).json()["code"] == "scope_missing"
    assert token_of(operator, "admin").get("/api/audit").status_code == 200


def test_a_token_expires(bob):
    now = timezone.now()
    _, secret = tokens.create_token(user=bob, name="x", now=now, expires_at=now + timedelta(hours=1))
    assert tokens.authenticate(secret=secret, now=now) is not None
    assert tokens.authenticate(secret=secret, now=now + timedelta(hours=1)) is None


def test_scopes_are_asked_for_and_shown(as_bob):
    body = {"name": "x", "scopes": ["read", "export"], "project_slug": "support"}
    made = as_bob.post("/api/tokens", body, format="json").json()
    assert (made["scopes"], made["project_slug"]) == (["read", "export"], "support")
    assert as_bob.post("/api/tokens", {"name": "y"}, format="json").json()["scopes"] == ["all"]
    wrong = as_bob.post("/api/tokens", {"name": "z", "scopes": ["root"]}, format="json")
    assert wrong.status_code == 400
    past = {"name": "z", "expires_at": "2001-01-01T00:00:00Z"}
    assert as_bob.post("/api/tokens", past, format="json").status_code == 400
    assert ApiToken.objects.count() == 2
