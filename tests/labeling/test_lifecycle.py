"""Archiving, over every address there is, and cloning."""

import pytest
from django.utils import timezone

from labeling.models import Judgment, Project, Prompt, QueueCursor, Task
from labeling.services.members import give_role
from labeling.services.wellbeing import opt_out
from tests.labeling.factories import NOON, fill_queue, judge, next_of
from tests.labeling.test_permissions import BY_ID, IN_PROJECT, OBJECTS, call, path_of

WRITES = [one for one in (*IN_PROJECT, *BY_ID) if one.values[1] not in {"GET", "HEAD"}]
# What works in an archive, and why: it ends the archive, reads only, or takes nothing away from a right.
STILL_SERVED = {
    "api/projects/<slug:slug>/archive",
    "api/projects/<slug:slug>/unarchive",
    "api/projects/<slug:slug>/clone",
    "api/projects/<slug:slug>/assignments/next",
    "api/projects/<slug:slug>/consent/withdraw",
}


@pytest.mark.once
@pytest.mark.parametrize(("address", "method", "needed"), WRITES)
def test_nothing_is_written_in_an_archive(address, method, needed, login, project, alice):
    values = {"slug": project.slug}
    if "slug" not in address.params:
        name = next(iter(address.params))
        values = {name: OBJECTS[name](project, alice).pk}
    Project.objects.update(archived_at=timezone.now())
    answer = call(login(alice), method, path_of(address, **values))
    if address.route in STILL_SERVED:
        assert answer.status_code != 409, answer.content
    else:
        assert (answer.status_code, answer.json().get("code")) == (409, "archived"), answer.content


def test_an_archive_can_be_read_exported_and_ended(as_alice, as_bob, as_rita, project, bob):
    fill_queue(project, 2)
    judge(bob, next_of(bob, project)[0])
    assert as_alice.post("/api/projects/support/archive").json()["archived_at"] is not None
    assert as_alice.post("/api/projects/support/archive").status_code == 200
    asked = as_bob.post("/api/projects/support/assignments/next", {}, format="json").json()
    assert (asked["assignments"], asked["reason"]) == ([], "archived")
    lines = b"".join(as_rita.get("/api/projects/support/export/judgments").streaming_content)
    assert lines.count(b"\n") == 1
    assert as_bob.post("/api/projects/support/unarchive").status_code == 403
    assert as_alice.post("/api/projects/support/unarchive").json()["archived_at"] is None
    asked = as_bob.post("/api/projects/support/assignments/next", {}, format="json").json()
    assert len(asked["assignments"]) == 1
    actions = [row["action"] for row in as_alice.get("/api/projects/support/audit").json()["results"]]
    assert actions == ["project.unarchived", "export.started", "project.archived"]


def clone(client, **fields):
    answer = client.post("/api/projects/support/clone", {"name": "Wave 2", **fields}, format="json")
    assert answer.status_code == 201, answer.content
    return answer.json()


@pytest.fixture
def busy(as_alice, project, bob):
    """A project with settings, texts, a team and work done."""
    settings = {"overlap": 3, "risk_tags": ["violence"], "exposure_cap": 5, "protocol": {"ties": False}}
    as_alice.patch("/api/projects/support", settings, format="json")
    as_alice.put("/api/projects/support/consent", {"text": "Version one."}, format="json")
    as_alice.put("/api/projects/support/consent", {"text": "Version two."}, format="json")
    fill_queue(project, 2)
    judge(bob, next_of_accepting(bob, project))
    return project


def next_of_accepting(user, project):
    from labeling.services.consent import accept_consent

    project.refresh_from_db()
    accept_consent(user=user, project=project, version=project.consent_version, now=NOON)
    return next_of(user, project)[0]


def test_a_clone_has_the_settings_and_texts_and_none_of_the_work(as_alice, busy, alice):
    made = clone(as_alice)
    assert (made["slug"], made["overlap"], made["exposure_cap"]) == ("wave-2", 3, 5)
    assert (made["protocol"]["ties"], made["protocol_version"], made["consent_version"]) == (False, 1, 1)
    assert made["guidelines"] == {"number": 1, "text": "Prefer the reply that helps."}
    assert as_alice.get("/api/projects/wave-2/consent").json()["text"] == "Version two."
    copy = Project.objects.get(slug="wave-2")
    assert list(copy.memberships.values_list("user", "role")) == [(alice.pk, "owner")]
    assert not Prompt.objects.filter(project=copy).exists()
    assert not Task.objects.filter(project=copy).exists()
    assert not Judgment.objects.filter(project=copy).exists()


def test_members_and_prompts_come_along_if_asked(as_alice, busy, carol):
    opt_out(user=carol, project=busy, tags=["violence"])
    made = clone(as_alice, members=True, prompts=True)
    copy = Project.objects.get(slug=made["slug"])
    assert copy.memberships.count() == busy.memberships.count() == 5
    opted_out = QueueCursor.objects.filter(project=copy).values_list("annotator__user", "opted_out")
    assert list(opted_out) == [(carol.pk, ["violence"])]
    columns = ("hash", "split", "risk_tags")
    theirs, ours = (Prompt.objects.filter(project=one).order_by("hash") for one in (busy, copy))
    assert list(ours.values_list(*columns)) == list(theirs.values_list(*columns))
    assert made["counts"]["judgments"] == 0


def test_an_archive_can_be_cloned_and_the_clone_is_none(as_alice, busy):
    as_alice.post("/api/projects/support/archive")
    assert clone(as_alice)["archived_at"] is None


def test_only_an_owner_clones(as_lena, project):
    assert as_lena.post("/api/projects/support/clone", {"name": "Mine"}, format="json").status_code == 403


def test_roles_given_twice_are_one(project, bob):
    _, is_new = give_role(project=project, user=bob, role="annotator", now=NOON)
    assert not is_new
