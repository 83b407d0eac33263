from datetime import timedelta

import pytest
from django.utils import timezone

from labeling.core.models import AuditEvent, User
from labeling.core.services import limits
from labeling.models import Invitation, InvitationUse, Membership, Team, TeamMember
from labeling.services import invitations
from tests.conftest import PASSWORD
from tests.labeling.core.test_second_factor import enrol

INVITATIONS = "/api/projects/support/invitations"


@pytest.fixture
def invite(as_lena, project):
    def make(**fields):
        made = as_lena.post(INVITATIONS, {"roles": ["annotator"], **fields}, format="json")
        assert made.status_code == 201, made.content
        return made.json()

    return make


def accept(client, token, **fields):
    return client.post("/api/invitations/accept", {"token": token, **fields}, format="json")


def join(client, token, email="dora@example.com", password=PASSWORD, **fields):
    body = {"token": token, "email": email, "name": "Dora", "password": password, **fields}
    return client.post("/api/invitations/join", body, format="json")


def roles(project, user) -> set[str]:
    return set(Membership.objects.filter(project=project, user=user).values_list("role", flat=True))


def test_only_a_digest_of_the_link_is_kept(as_lena, invite, settings):
    settings.PUBLIC_URL = "https://plumb.example"
    made = invite()
    assert made["url"] == f"https://plumb.example/join/{made['token']}"
    row = Invitation.objects.get()
    assert made["token"] not in [str(value) for value in vars(row).values()]
    [listed] = as_lena.get(INVITATIONS).json()["results"]
    assert (listed["prefix"], listed["num_uses"], "token" in listed) == (made["token"][:8], 0, False)


def test_someone_with_an_account_accepts_once(as_charlie, as_lena, project, charlie, invite):
    made = invite(roles=["annotator", "lead"], max_uses=3)
    seen = as_charlie.post("/api/invitations/look", {"token": made["token"]}, format="json").json()
    assert (seen["project"], seen["roles"]) == ("Support", ["annotator", "lead"])
    for _ in range(2):
        assert accept(as_charlie, made["token"]).json()["project"] == "support"
    assert roles(project, charlie) == {"annotator", "lead"}
    [listed] = as_lena.get(INVITATIONS).json()["results"]
    assert listed["num_uses"] == 1
    assert AuditEvent.objects.filter(action="invitation.accepted", actor=charlie).count() == 1


def test_a_newcomer_makes_an_account_on_the_spot(anonymous, as_lena, project, invite):
    made = invite()
    answer = join(anonymous, made["token"], platform="PROLIFIC_PID", worker_id="5f1c")
    assert answer.json() == {"project": "support", "roles": ["annotator"]}
    assert anonymous.get("/api/projects/support").json()["my_roles"] == ["annotator"]
    [use] = as_lena.get(f"{INVITATIONS}/{made['id']}/uses").json()["results"]
    assert (use["name"], use["platform"], use["worker_id"]) == ("Dora", "PROLIFIC_PID", "5f1c")


def test_a_weak_password_leaves_no_account_and_uses_nothing_up(anonymous, invite):
    made = invite()
    assert join(anonymous, made["token"], password="short").json()["code"] == "weak_password"
    assert not User.objects.filter(email="dora@example.com").exists()
    assert join(anonymous, made["token"]).status_code == 200


ENDS = {
    "unknown": lambda row, lena, project, anonymous, token: row.delete(),
    "expired": lambda row, *_: Invitation.objects.filter(pk=row.pk).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    ),
    "revoked": lambda row, lena, *_: lena.delete(f"{INVITATIONS}/{row.pk}"),
    "used up": lambda row, lena, project, anonymous, token: join(anonymous, token),
    "archived": lambda row, lena, project, *_: type(project).objects.update(archived_at=timezone.now()),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_every_end_of_an_invitation_looks_the_same(
    end, as_lena, as_charlie, project, anonymous, invite, charlie, bob
):
    token = invite()["token"]
    end(Invitation.objects.get(), as_lena, project, anonymous, token)
    anonymous.delete("/api/session")
    refusals = [
        accept(as_charlie, token),
        join(anonymous, token, email="new@example.com"),
        join(anonymous, token, email=bob.email),
        anonymous.post("/api/invitations/look", {"token": token}, format="json"),
    ]
    assert {answer.status_code for answer in refusals} == {410}
    assert len({answer.content for answer in refusals}) == 1
    assert refusals[0].json()["code"] == "invitation_over"
    assert not roles(project, charlie)


def test_an_invitation_for_one_address_is_for_that_one(as_charlie, anonymous, invite, charlie):
    token = invite(email="Dora@example.com", max_uses=5)["token"]
    assert accept(as_charlie, token).json()["code"] == "other_address"
    assert join(anonymous, token, email="eve@example.com").json()["code"] == "other_address"
    assert join(anonymous, token).status_code == 200
    assert Invitation.objects.get().max_uses == 1


def test_inviting_an_address_does_not_tell_whether_it_has_an_account(invite, charlie):
    known, unknown = invite(email=charlie.email), invite(email="nobody@example.com")
    assert known.keys() == unknown.keys()
    assert known["roles"] == unknown["roles"]


def test_an_account_is_joined_with_its_password_only(anonymous, project, charlie, invite):
    token = invite()["token"]
    wrong = join(anonymous, token, email=charlie.email, password="not the password")
    assert wrong.json()["code"] == "wrong_credentials"
    assert not roles(project, charlie)
    assert join(anonymous, token, email=charlie.email).status_code == 200
    assert roles(project, charlie) == {"annotator"}


def test_joining_does_not_go_around_a_second_factor(as_charlie, anonymous, project, charlie, invite):
    enrol(as_charlie)
    answer = join(anonymous, invite()["token"], email=charlie.email)
    assert answer.json()["code"] == "sign_in_first"
    assert not roles(project, charlie)
    assert anonymous.get("/api/me").status_code == 401


@pytest.mark.once
def test_links_cannot_be_guessed_quickly(anonymous, db):
    for number in range(limits.INVITATION_FROM_ADDRESS.tries + 1):
        answer = anonymous.post("/api/invitations/look", {"token": f"inv_{number}"}, format="json")
    assert answer.status_code == 429


def test_a_link_brings_into_a_team(as_charlie, project, charlie, invite, as_alice):
    team = Team.objects.create(project=project, name="Night shift")
    accept(as_charlie, invite(team=team.pk)["token"])
    assert TeamMember.objects.filter(team=team, user=charlie).exists()
    elsewhere = as_alice.post(INVITATIONS, {"roles": ["lead"], "team": 987654}, format="json")
    assert elsewhere.status_code == 400


@pytest.mark.parametrize(("role", "status"), [("annotator", 201), ("owner", 403), ("researcher", 403)])
def test_a_lead_invites_to_no_more_than_they_hold(as_lena, project, role, status):
    assert as_lena.post(INVITATIONS, {"roles": [role]}, format="json").status_code == status


def test_a_token_accepts_no_invitation(invite, charlie):
    from tests.labeling.core.test_scopes import token_of

    assert accept(token_of(charlie, "all"), invite()["token"]).status_code == 401


@pytest.mark.django_db(transaction=True)
def test_the_last_use_goes_to_one_of_two(project, charlie, make_user, lena):
    now = timezone.now()
    made, _ = invitations.create_invitation(
        actor=lena, project=project, roles=["annotator"], expires_at=now + timedelta(days=1), now=now
    )
    # Both have looked and found it standing; the guarded UPDATE decides.
    Invitation.objects.filter(pk=made.pk).update(num_uses=1)
    with pytest.raises(invitations.InvitationOver):
        invitations._use_up(made)
    assert not InvitationUse.objects.exists()
