"""What people have typed is kept, theirs alone, and never silently overwritten."""

from __future__ import annotations

from datetime import timedelta

import pytest

from labeling.core.errors import Conflict, DomainError
from labeling.models import Assignment
from labeling.services.assignments import skip
from labeling.services.drafts import drop_draft, save_draft
from tests.labeling.factories import NOON, fill_queue, judge, keys_of, next_of
from tests.labeling.test_queue_api import submit, take

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def held(project, bob) -> Assignment:
    fill_queue(project, 1)
    return next_of(bob, project)[0]


def draft(assignment: dict, action: str = "draft") -> str:
    return f"/api/assignments/{assignment['id']}/{action}"


def test_a_draft_comes_back_with_its_assignment(project, as_bob):
    fill_queue(project, 1)
    [assignment] = take(as_bob)
    assert assignment["draft"] == {"revision": 0, "body": None, "saved_at": None}
    saved = as_bob.put(draft(assignment), {"revision": 0, "body": {"tiers": [["a"]]}}, format="json").json()
    assert (saved["revision"], saved["body"]) == (1, {"tiers": [["a"]]})
    assert take(as_bob)[0]["draft"] == saved
    assert as_bob.get(draft(assignment)).json() == saved
    gone = as_bob.delete(draft(assignment)).json()
    assert (gone["revision"], gone["body"]) == (2, None)
    assert take(as_bob)[0]["draft"]["body"] is None


def test_two_devices_do_not_overwrite_each_other(project, as_bob):
    fill_queue(project, 1)
    [assignment] = take(as_bob)
    as_bob.put(draft(assignment), {"revision": 0, "body": "from the desk"}, format="json")
    late = as_bob.put(draft(assignment), {"revision": 0, "body": "from the phone"}, format="json")
    assert (late.status_code, late.json()["code"]) == (409, "draft_conflict")
    stored = late.json()["fields"]["stored"]
    assert (stored["revision"], stored["body"]) == (1, "from the desk")
    again = as_bob.put(draft(assignment), {"revision": 1, "body": "both"}, format="json")
    assert again.json()["revision"] == 2


def test_a_save_whose_answer_was_lost_is_sent_again(held):
    first = save_draft(assignment=held, revision=0, body={"a": [1, None]}, now=NOON)
    assert save_draft(assignment=held, revision=0, body={"a": [1, None]}, now=LATER) == first


@pytest.mark.once
@pytest.mark.parametrize("who", ["as_carol", "as_alice", "as_lena", "as_operator", "as_charlie"])
def test_nobody_else_sees_or_touches_a_draft(project, as_bob, request, who):
    fill_queue(project, 1, overlap=2)
    [assignment] = take(as_bob)
    as_bob.put(draft(assignment), {"revision": 0, "body": "a secret"}, format="json")
    client = request.getfixturevalue(who)
    assert client.get(draft(assignment)).status_code == 404
    assert client.put(draft(assignment), {"revision": 1, "body": "x"}, format="json").status_code == 404
    assert client.delete(draft(assignment)).status_code == 404
    if who == "as_carol":
        assert take(client)[0]["draft"]["body"] is None
    assert as_bob.get(draft(assignment)).json()["body"] == "a secret"


def test_submitting_ends_the_draft_and_saves_on_their_way(project, as_bob):
    fill_queue(project, 1)
    [assignment] = take(as_bob)
    as_bob.put(draft(assignment), {"revision": 0, "body": "typing"}, format="json")
    submit(as_bob, assignment)
    late = as_bob.put(draft(assignment), {"revision": 1, "body": "typing more"}, format="json")
    assert late.status_code == 409
    now = as_bob.get(draft(assignment)).json()
    assert now["body"] is None
    # A correction may have a draft of its own, which ends with it.
    as_bob.put(draft(assignment), {"revision": now["revision"], "body": "second thoughts"}, format="json")
    assert submit(as_bob, assignment).json()["state"] == "corrected"
    assert as_bob.get(draft(assignment)).json()["body"] is None


def test_a_draft_survives_the_end_of_its_lease(project, bob, carol, held):
    """Carol takes the slot meanwhile and skips: bob is asked again, under new keys."""
    first, second = keys_of(held)
    body = {"tiers": [[second], [first]], "criteria": {first: {"wit": 2}}, "comment": f"not {first} alone"}
    save_draft(assignment=held, revision=0, body=body, now=NOON)
    [taken] = next_of(carol, project, now=LATER)
    held.refresh_from_db()
    assert (held.state, held.draft) == ("expired", body)
    skip(user=carol, assignment=taken, lease_token=taken.fence, reason="", now=LATER)
    [again] = next_of(bob, project, now=LATER)
    assert (again.task_id, again.pk == held.pk) == (held.task_id, False)
    names = {place["response"]: place["key"] for place in again.presented}
    one, two = (names[place["response"]] for place in held.presented)
    assert again.draft == {**body, "tiers": [[two], [one]], "criteria": {one: {"wit": 2}}}
    held.refresh_from_db()
    assert held.draft is None


def test_a_lease_nobody_took_keeps_its_draft(project, bob, held):
    save_draft(assignment=held, revision=0, body="kept", now=NOON)
    [again] = next_of(bob, project, now=LATER)
    assert (again.pk, again.draft) == (held.pk, "kept")


@pytest.mark.parametrize(
    ("body", "word", "status"),
    [
        (None, "delete it", 400),
        ("a\x00b", "NUL", 400),
        ({"a": "\ud800"}, "surrogate", 400),
        ("x" * 256 * 1024, "256 KiB", 413),
    ],
)
def test_a_draft_that_cannot_be_kept_is_refused(held, body, word, status):
    with pytest.raises(DomainError) as caught:
        save_draft(assignment=held, revision=0, body=body, now=NOON)
    assert (word in caught.value.message, caught.value.status) == (True, status)
    held.refresh_from_db()
    assert (held.draft, held.draft_revision) == (None, 0)


def test_a_deleted_draft_does_not_come_back(bob, held):
    save_draft(assignment=held, revision=0, body="old", now=NOON)
    assert drop_draft(assignment=held).revision == 2
    with pytest.raises(Conflict):
        save_draft(assignment=held, revision=1, body="older", now=NOON)
    judge(bob, held)
