import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from labeling.core.models import ApiToken, AuditEvent, User
from labeling.core.services import tokens
from labeling.models import (
    Annotator,
    Assignment,
    Consent,
    Invitation,
    Judgment,
    Membership,
    Slot,
    TeamMember,
)
from labeling.services import invitations
from tests.conftest import PASSWORD
from tests.labeling.core.test_second_factor import enrol
from tests.labeling.factories import NOON, fill_queue, judge, next_of
from tests.labeling.test_teams_and_workers import WORKERS, worker  # noqa: F401  (a fixture)


def erase(client, password=PASSWORD):
    return client.post("/api/me/erase", {"password": password}, format="json")


@pytest.fixture
def history(as_bob, as_lena, project, bob):
    """Bob has judged, skipped, and left traces everywhere."""
    as_lena.put("/api/projects/support/consent", {"text": "Yes?"}, format="json")
    as_bob.post("/api/projects/support/consent/accept", {"version": 1}, format="json")
    project.refresh_from_db()
    fill_queue(project, 4)
    first, second, held = next_of(bob, project, count=3, now=timezone.now())
    judge(bob, first, comment="My name is Bob.", now=timezone.now())
    body = {"lease_token": second.fence, "reason": "I know her"}
    assert as_bob.post(f"/api/assignments/{second.pk}/skip", body, format="json").status_code == 204
    as_bob.post("/api/tokens", {"name": "Bob's laptop"}, format="json")
    team = as_lena.post("/api/projects/support/teams", {"name": "T"}, format="json").json()["id"]
    as_lena.post(f"/api/projects/support/teams/{team}/members", {"user": bob.pk}, format="json")
    as_lena.post(
        "/api/projects/support/invitations", {"roles": ["annotator"], "email": bob.email}, format="json"
    )
    enrol(as_bob)
    return held


def everything_stored() -> str:
    """All rows of all tables, as text."""
    from django.apps import apps

    return "\n".join(
        str(row)
        for model in apps.get_models()
        if model._meta.app_label not in {"sessions", "contenttypes"}
        for row in model._default_manager.values()
    )


def test_the_person_goes_and_the_judgments_stay(as_bob, history, bob, project):
    annotator = Annotator.objects.get(user=bob)
    said = list(Judgment.objects.values_list("pk", "annotator", "tiers"))
    answer = erase(as_bob)
    assert answer.status_code == 200, answer.content
    pseudonym = answer.json()["pseudonym"]
    assert list(Judgment.objects.values_list("pk", "annotator", "tiers")) == said
    annotator.refresh_from_db()
    assert (annotator.user, annotator.pseudonym) == (None, pseudonym)
    assert as_bob.get("/api/me").status_code == 401
    assert not User.objects.filter(pk=bob.pk).exists()
    assert not Membership.objects.filter(user=bob.pk).exists()
    assert not ApiToken.objects.exists()
    assert not TeamMember.objects.exists()
    assert Consent.objects.get().annotator == annotator
    stored = everything_stored()
    assert "bob@example.com" not in stored
    assert "Bob's laptop" not in stored
    assert stored.count("Bob") == stored.count("My name is Bob.") == 1


def test_free_text_stays_and_is_listed(as_bob, as_operator, history):
    told = erase(as_bob).json()
    assert [(row["kind"], row["project"]) for row in told["free_text"]] == [
        ("comment", "support"),
        ("skip_reason", "support"),
    ]
    assert as_operator.get(f"/api/people/erased/{told['pseudonym']}").json() == told
    assert as_operator.get("/api/people/erased/person-0").status_code == 404


def test_the_log_keeps_what_was_done_under_the_pseudonym(as_bob, history, bob, as_lena):
    done = set(AuditEvent.objects.filter(actor=bob).values_list("pk", flat=True))
    pseudonym = erase(as_bob).json()["pseudonym"]
    assert not AuditEvent.objects.filter(actor=bob.pk).exists()
    theirs = AuditEvent.objects.filter(actor_pseudonym=pseudonym)
    assert done < set(theirs.values_list("pk", flat=True))
    assert theirs.get(action="user.erased").object_id == str(bob.pk)
    rows = as_lena.get("/api/projects/support/audit?action=consent.accepted").json()["results"]
    assert rows[0]["actor"] == pseudonym


def test_what_was_held_goes_back_to_the_queue(as_bob, history):
    erase(as_bob)
    history.refresh_from_db()
    assert history.state == Assignment.State.EXPIRED
    assert Slot.objects.get(pk=history.slot_id).state == Slot.State.OPEN


def test_every_session_ends(login, bob, history):
    here, there = login(bob), login(bob)
    assert erase(here).status_code == 200
    assert there.get("/api/session").json()["user"] is None


def test_invitations_to_the_address_end(as_bob, history):
    erase(as_bob)
    made = Invitation.objects.get()
    assert (made.email, made.revoked_at is None) == ("", False)


def test_the_address_can_sign_up_again_as_somebody_new(as_bob, anonymous, lena, history, bob, project):
    erase(as_bob)
    now = timezone.now()
    _, token = invitations.create_invitation(
        actor=lena, project=project, roles=["annotator"], expires_at=now.replace(year=now.year + 1), now=now
    )
    body = {"token": token, "email": bob.email, "name": "Bob", "password": PASSWORD}
    assert anonymous.post("/api/invitations/join", body, format="json").status_code == 200
    again = User.objects.get(email=bob.email)
    assert again.pk != bob.pk
    assert not Judgment.objects.filter(annotator__user=again).exists()


def test_a_password_is_asked_for_and_a_token_is_not_enough(as_bob, bob):
    assert erase(as_bob, "wrong").json()["code"] == "wrong_password"
    from tests.labeling.core.test_tokens import bearer

    _, secret = tokens.create_token(user=bob, name="x", now=NOON)
    assert erase(bearer(secret)).status_code == 401
    assert User.objects.filter(pk=bob.pk).exists()


def test_the_last_owner_hands_over_first(as_alice, project, rita):
    refused = erase(as_alice)
    assert (refused.status_code, refused.json()["code"]) == (409, "last_owner")
    assert refused.json()["fields"] == {"projects": ["support"]}
    Membership.objects.create(project=project, user=rita, role="owner")
    assert erase(as_alice).status_code == 200


def test_the_last_operator_stays(as_operator, make_user):
    assert erase(as_operator).json()["code"] == "last_operator"
    make_user("Second", is_operator=True)
    assert erase(as_operator).status_code == 200


def test_an_operator_erases_on_request(as_operator, as_alice, operator, bob, history):
    assert as_alice.post(f"/api/people/{bob.pk}/erase").status_code == 403
    found = as_operator.get("/api/people?search=bob@").json()["results"]
    assert [row["id"] for row in found] == [bob.pk]
    assert as_operator.post(f"/api/people/{bob.pk}/erase").status_code == 200
    assert as_operator.post(f"/api/people/{bob.pk}/erase").status_code == 404
    assert AuditEvent.objects.get(action="user.erased").actor == operator


def test_erasing_from_the_command_line(bob, history, capsys):
    with pytest.raises(CommandError, match="--yes"):
        call_command("erase_person", email=bob.email)
    call_command("erase_person", email="BOB@example.com", yes=True)
    assert "comment" in capsys.readouterr().out
    with pytest.raises(CommandError, match="Nobody"):
        call_command("erase_person", email=bob.email, yes=True)


def test_a_linked_worker_is_named_by_the_pseudonym(as_bob, as_lena, worker, bob):  # noqa: F811
    as_lena.put(f"{WORKERS}/{worker['id']}/link", {"user": bob.pk}, format="json")
    pseudonym = erase(as_bob).json()["pseudonym"]
    [listed] = as_lena.get(WORKERS).json()["results"]
    assert listed["external_id"] == f"{pseudonym}/0"
    assert listed["num_judgments"] == 3
