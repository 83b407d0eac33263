from datetime import timedelta

import pytest
from django.utils import timezone

from labeling.core.models import AuditEvent, User
from labeling.models import Membership
from labeling.services.wellbeing import reveal
from tests.conftest import PASSWORD
from tests.labeling.factories import fill_queue, next_of

MEMBERS = "/api/projects/support/members"


def roles(project, user) -> set[str]:
    return set(Membership.objects.filter(project=project, user=user).values_list("role", flat=True))


def test_an_owner_adds_someone_who_has_an_account(as_alice, as_charlie, project, charlie, alice):
    answer = as_alice.post(MEMBERS, {"email": "CHARLIE@example.com", "role": "annotator"}, format="json")
    assert answer.status_code == 201
    assert answer.json()["email"] == charlie.email
    assert as_charlie.get("/api/projects/support").status_code == 200
    event = AuditEvent.objects.get(action="member.added")
    assert (event.actor, event.project_id, event.data["role"]) == (alice, project.pk, "annotator")
    again = as_alice.post(MEMBERS, {"email": charlie.email, "role": "annotator"}, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "already_member")
    assert as_alice.post(MEMBERS, {"email": charlie.email, "role": "lead"}, format="json").status_code == 201
    assert roles(project, charlie) == {"annotator", "lead"}


def test_an_owner_creates_an_account_with_a_first_password(as_alice, anonymous, project):
    unknown = as_alice.post(MEMBERS, {"email": "dora@example.com", "role": "annotator"}, format="json")
    assert unknown.json()["code"] == "no_account"
    body = {"email": "dora@example.com", "role": "annotator", "name": "Dora", "password": PASSWORD}
    assert as_alice.post(MEMBERS, body, format="json").status_code == 201
    credentials = {"email": "dora@example.com", "password": PASSWORD}
    assert anonymous.post("/api/session", credentials, format="json").json()["user"]["is_operator"] is False


def test_a_password_for_an_existing_account_changes_nothing(as_alice, project, charlie):
    body = {"email": charlie.email, "role": "annotator", "password": "taken over by alice"}
    answer = as_alice.post(MEMBERS, body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "email_taken")
    charlie.refresh_from_db()
    assert charlie.check_password(PASSWORD)
    assert not roles(project, charlie)


def test_a_members_own_caps_are_told_and_where_there_are_none_null(as_lena, project, bob):
    of_bob = Membership.objects.get(project=project, user=bob)
    [told] = as_lena.get(MEMBERS, {"search": "bob"}).json()["results"]
    assert told["caps"] is None
    caps = {"per_day": 4, "in_total": None}
    assert as_lena.put(f"{MEMBERS}/{of_bob.pk}/caps", caps, format="json").status_code == 200
    [told] = as_lena.get(MEMBERS, {"search": "bob"}).json()["results"]
    assert told["caps"] == caps


def test_what_people_have_seen_is_told_to_who_looks_after_them(as_lena, as_rita, project, bob):
    now = timezone.now()
    project.risk_tags = ["violence"]
    project.save(update_fields=["risk_tags"])
    fill_queue(project, 2, risk_tags=["violence"])
    for assignment, at in zip(
        next_of(bob, project, count=2, now=now), (now, now - timedelta(days=2)), strict=True
    ):
        reveal(user=bob, assignment=assignment, now=at)

    def told(client):
        [one] = client.get(MEMBERS, {"search": "bob"}).json()["results"]
        return one["exposures_today"], one["exposures_total"]

    assert told(as_lena) == (1, 2)
    assert told(as_rita) == (None, None)


def test_a_weak_first_password_leaves_nothing_behind(as_alice, project):
    body = {"email": "dora@example.com", "role": "annotator", "password": "12345"}
    assert as_alice.post(MEMBERS, body, format="json").json()["code"] == "weak_password"
    assert not User.objects.filter(email="dora@example.com").exists()


@pytest.mark.parametrize(
    ("role", "status"), [("annotator", 201), ("lead", 201), ("researcher", 403), ("owner", 403)]
)
def test_a_lead_gives_no_more_than_they_hold(as_lena, project, charlie, role, status):
    assert as_lena.post(MEMBERS, {"email": charlie.email, "role": role}, format="json").status_code == status


def test_a_lead_creates_no_accounts_and_removes_no_owner(as_lena, project, alice):
    body = {"email": "dora@example.com", "role": "annotator", "password": PASSWORD}
    assert as_lena.post(MEMBERS, body, format="json").status_code == 403
    owner = Membership.objects.get(project=project, user=alice)
    assert as_lena.delete(f"{MEMBERS}/{owner.pk}").status_code == 403


def test_removing_a_member_closes_the_project_to_them(as_lena, as_bob, project, bob):
    membership = Membership.objects.get(project=project, user=bob)
    assert as_lena.delete(f"{MEMBERS}/{membership.pk}").status_code == 204
    assert as_bob.get("/api/projects/support").status_code == 404
    assert as_lena.delete(f"{MEMBERS}/{membership.pk}").status_code == 404
    assert AuditEvent.objects.filter(action="member.removed", project_id=project.pk).exists()


def test_the_last_owner_stays(as_alice, project, alice, rita):
    owner = Membership.objects.get(project=project, user=alice)
    answer = as_alice.delete(f"{MEMBERS}/{owner.pk}")
    assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    Membership.objects.create(project=project, user=rita, role="owner")
    assert as_alice.delete(f"{MEMBERS}/{owner.pk}").status_code == 204


def test_a_member_of_another_project_cannot_be_removed_from_here(as_operator, as_lena, project, bob):
    other = as_operator.post("/api/projects", {"name": "Other"}, format="json").json()["slug"]
    body = {"email": bob.email, "role": "annotator"}
    there = as_operator.post(f"/api/projects/{other}/members", body, format="json").json()["id"]
    assert as_lena.delete(f"{MEMBERS}/{there}").status_code == 404


def test_members_are_listed_but_not_to_annotators(as_rita, as_bob, project):
    rows = as_rita.get(MEMBERS).json()["results"]
    assert [(row["name"], row["role"]) for row in rows][:2] == [("Alice", "owner"), ("Rita", "researcher")]
    assert as_bob.get(MEMBERS).status_code == 403
