"""Adjudication, review, and guidelines that must be read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from labeling.core.errors import Conflict, DomainError
from labeling.core.models import AuditEvent
from labeling.models import Annotator, Comparison, GuidelineAcknowledgement, Judgment, Slot, Task
from labeling.selectors import labels
from labeling.selectors.queue import assignment_of
from labeling.services import adjudication, guidelines, reviews
from labeling.services.assignments import heartbeat, next_assignments, skip
from labeling.services.queue import close_batch
from labeling.services.steering import TaskChanges, change_tasks
from labeling.services.wellbeing import opt_out
from tests.labeling.factories import NOON, fill_queue, judge, keys_of, next_of

PROJECT = "/api/projects/support"
QUALITY = f"{PROJECT}/quality"
NEXT = f"{PROJECT}/assignments/next"
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def parted(project, bob, carol) -> Task:
    """A task over which bob and carol part."""
    fill_queue(project, 1, overlap=2)
    [bobs], [carols] = next_of(bob, project), next_of(carol, project)
    low, high = sorted(place["response"] for place in bobs.presented)
    for user, held, order in ((bob, bobs, (low, high)), (carol, carols, (high, low))):
        keys = {place["response"]: place["key"] for place in held.presented}
        judge(user, held, tiers=[[keys[id]] for id in order], comment=f"By {user.name}")
    return Task.objects.get()


def asked(project, task, lena):
    return adjudication.ask(project=project, task=task, reason="They part.", actor=lena, now=NOON)[0]


def opened_by(user, project, made, now=NOON):
    return adjudication.open_adjudication(user=user, project=project, adjudication_id=made.pk, now=now)


# --- adjudication ----------------------------------------------------------------------


def test_a_lead_sees_the_judgments_side_by_side_and_decides(project, parted, as_lena, lena, bob, carol):
    made = as_lena.post(
        f"{QUALITY}/adjudications", {"task": parted.pk, "reason": "They part."}, format="json"
    )
    assert made.status_code == 201
    again = as_lena.post(f"{QUALITY}/adjudications", {"task": parted.pk, "reason": "Again."}, format="json")
    assert (again.status_code, again.json()) == (200, made.json())
    opened = as_lena.post(f"{QUALITY}/adjudications/{made.json()['id']}/open").json()
    shown = [response["key"] for response in opened["assignment"]["responses"]]
    assert sorted(one["annotator"] for one in opened["judgments"]) == ["A", "B"]
    assert sorted(one["tiers"] for one in opened["judgments"]) == sorted(
        [[[shown[0]], [shown[1]]], [[shown[1]], [shown[0]]]]
    )
    for word in ("policy", "generator", "bob@", "carol@", "created_at"):
        assert word not in str(opened["judgments"]) + str(opened["assignment"])
    decided = as_lena.post(
        f"/api/assignments/{opened['assignment']['id']}/submit",
        {
            "lease_token": opened["assignment"]["lease_token"],
            "client_key": "6c0f2f64-0000-4000-8000-000000000001",
            "tiers": [[key] for key in shown],
        },
        format="json",
    )
    assert decided.status_code == 201, decided.content
    [row] = as_lena.get(f"{QUALITY}/adjudications?state=decided").json()["results"]
    assert (row["task"], row["is_decided"], row["asked_by"]) == (parted.pk, True, "Lena")
    assert as_lena.get(f"{QUALITY}/adjudications?state=open").json()["results"] == []
    assert AuditEvent.objects.filter(action="task.sent_to_adjudication").count() == 1


def test_a_decision_can_stand_for_what_it_decides(project, parted, lena, bob):
    made = asked(project, parted, lena)
    before = list(labels.comparisons(project_id=project.pk, prefer_adjudicated=True))
    assert len(before) == 2, "nothing is decided yet"
    opened = opened_by(lena, project, made)
    assignment = assignment_of(user=lena, assignment_id=opened.assignment.id)
    judge(lena, assignment)
    assert len(list(labels.comparisons(project_id=project.pk))) == 3
    [row] = labels.comparisons(project_id=project.pk, prefer_adjudicated=True)
    assert (row.arm, row.annotator_id) == ("adjudication", Annotator.objects.get(user=lena).pk)
    assert list(labels.comparisons(project_id=project.pk, adjudicated_only=True)) == [row]


def test_the_queue_never_offers_a_decision(project, parted, lena, alice):
    made = asked(project, parted, lena)
    assert next_of(alice, project) == []
    opened_by(lena, project, made)
    assert next_of(lena, project) == []
    assert next_of(alice, project, now=LATER) == []


def test_one_lead_at_a_time_decides_and_a_lapsed_one_gives_way(project, parted, lena, alice):
    made = asked(project, parted, lena)
    first = opened_by(lena, project, made)
    assert opened_by(lena, project, made).assignment.id == first.assignment.id
    with pytest.raises(Conflict, match="Another lead"):
        opened_by(alice, project, made)
    taken = opened_by(alice, project, made, now=LATER)
    with pytest.raises(Conflict):
        heartbeat(
            assignment=assignment_of(user=lena, assignment_id=first.assignment.id),
            lease_token=first.assignment.lease_token,
            now=LATER,
        )
    judge(alice, assignment_of(user=alice, assignment_id=taken.assignment.id), now=LATER)
    with pytest.raises(Conflict, match="decided"):
        opened_by(lena, project, made, now=LATER)
    mine = opened_by(alice, project, made, now=LATER)
    corrected = judge(alice, assignment_of(user=alice, assignment_id=mine.assignment.id), now=LATER)
    assert corrected.state == "corrected"


@pytest.mark.once
def test_a_decision_let_go_can_be_taken_up_again(project, parted, lena):
    made = asked(project, parted, lena)
    opened = opened_by(lena, project, made)
    held = assignment_of(user=lena, assignment_id=opened.assignment.id)
    skip(user=lena, assignment=held, lease_token=held.fence, reason="", now=NOON)
    again = opened_by(lena, project, made)
    assert again.assignment.id != opened.assignment.id
    judge(lena, assignment_of(user=lena, assignment_id=again.assignment.id))


@pytest.mark.once
@pytest.mark.parametrize("arm", ["evaluation", "repeat", "gold", "adjudication"])
def test_what_measures_something_is_not_adjudicated(project, bob, arm):
    fill_queue(project, 1, arm=arm)
    judge(bob, next_of(bob, project)[0])
    with pytest.raises(DomainError, match="not adjudicated"):
        adjudication.ask(project=project, task=Task.objects.get(), reason="?", now=NOON)


def test_a_task_nobody_judged_is_not_adjudicated(project):
    fill_queue(project, 1)
    with pytest.raises(DomainError, match="Nobody has judged"):
        adjudication.ask(project=project, task=Task.objects.get(), reason="?", now=NOON)


# --- review ----------------------------------------------------------------------------


def a_judgment(project, user, **said) -> Judgment:
    fill_queue(project, 1)
    return Judgment.objects.get(pk=judge(user, next_of(user, project)[0], **said).judgment_id)


def test_a_reviewer_sees_what_was_shown_and_said_but_not_who_wrote_it(project, bob, as_lena):
    judgment = a_judgment(project, bob, comment="Warmer.", active_seconds=8.0)
    [row] = as_lena.get(f"{QUALITY}/judgments?annotator={judgment.annotator_id}").json()["results"]
    assert (row["annotator_name"], row["tiers"], row["comment"]) == ("Bob", [[0], [1]], "Warmer.")
    assert (row["state"], row["guideline_version"]) == ("unreviewed", 1)
    assert len(row["responses"]) == 2
    assert "policy" not in str(row)
    assert as_lena.get(f"{QUALITY}/judgments?arm=gold").json()["results"] == []


def test_a_sample_is_a_share_and_always_the_same(project, bob, as_lena):
    fill_queue(project, 40)
    while held := next_of(bob, project, count=10):
        for assignment in held:
            judge(bob, assignment)
    address = f"{QUALITY}/judgments?sample_percent=25&page_size=200"
    one, again = as_lena.get(address).json()["results"], as_lena.get(address).json()["results"]
    assert one == again
    assert 4 <= len(one) <= 16


def test_a_returned_judgment_stops_counting_and_comes_back_to_be_corrected(project, bob, as_bob, as_lena):
    judgment = a_judgment(project, bob)
    address = f"{QUALITY}/judgments/{judgment.pk}/review"
    assert as_lena.post(address, {"decision": "returned"}, format="json").status_code == 400
    answer = as_lena.post(address, {"decision": "returned", "comment": "Read B again."}, format="json")
    assert answer.status_code == 201
    assert not Comparison.objects.exists()
    assert labels.num_judgments(project_id=project.pk) == 0
    judgment.refresh_from_db()
    assert (judgment.returned_at is not None, judgment.superseded_at) == (True, None)

    fill_queue(project, 1, word="New")
    [back] = as_bob.post(NEXT, {"count": 1}, format="json").json()["assignments"]
    assert back["returned"]["comment"] == "Read B again."
    keys = [response["key"] for response in back["responses"]]
    assert back["returned"]["judgment"]["tiers"] == [[keys[0]], [keys[1]]]
    new = as_bob.post(NEXT, {"count": 1, "exclude": [back["id"]]}, format="json").json()["assignments"]
    assert new[0]["returned"] is None

    sent = {
        "lease_token": back["lease_token"],
        "client_key": "6c0f2f64-0000-4000-8000-000000000002",
        "tiers": [[keys[1]], [keys[0]]],
    }
    corrected = as_bob.post(f"/api/assignments/{back['id']}/submit", sent, format="json").json()
    assert corrected["state"] == "corrected"
    assert Comparison.objects.get().judgment_id == corrected["judgment"]
    [row] = as_lena.get(f"{QUALITY}/judgments?state=corrected").json()["results"]
    assert row["id"] == corrected["judgment"]
    held = as_bob.post(NEXT, {"count": 5}, format="json").json()["assignments"]
    assert [one["returned"] for one in held] == [None]


def test_nothing_returned_costs_the_next_task_no_query(project, bob, lena, django_assert_num_queries):
    judgment = a_judgment(project, bob)
    reviews.review(
        actor=lena, project=project, judgment_id=judgment.pk, decision="returned", comment="?", now=NOON
    )
    judge(bob, judgment.assignment, now=LATER)
    next_of(bob, project, now=LATER)  # finds nothing left to correct, and remembers
    fill_queue(project, 3)
    with django_assert_num_queries(8):
        next_assignments(user=bob, project=project, count=1, now=LATER)


def test_accepting_after_all_brings_the_comparisons_back(project, bob, lena):
    judgment = a_judgment(project, bob)
    pairs = list(Comparison.objects.values_list("winner_id", "loser_id", "strength"))
    for decision in ("returned", "accepted"):
        reviews.review(
            actor=lena, project=project, judgment_id=judgment.pk, decision=decision, comment="?", now=NOON
        )
    assert list(Comparison.objects.values_list("winner_id", "loser_id", "strength")) == pairs
    assert next_of(bob, project) == []


def test_nobody_returns_their_own_or_a_corrected_judgment(project, lena, bob):
    mine = a_judgment(project, lena)
    with pytest.raises(Conflict, match="your own"):
        reviews.review(
            actor=lena, project=project, judgment_id=mine.pk, decision="returned", comment="?", now=NOON
        )
    theirs = a_judgment(project, bob)
    judge(bob, theirs.assignment, now=LATER)
    with pytest.raises(Conflict, match="corrected since"):
        reviews.review(actor=lena, project=project, judgment_id=theirs.pk, decision="accepted", now=LATER)


# --- guidelines ------------------------------------------------------------------------


def test_new_guidelines_can_stand_before_the_next_task(project, bob, as_bob, as_lena):
    fill_queue(project, 2)
    held = next_of(bob, project)[0]
    text = {"text": "Prefer what is true.", "requires_reading": True}
    assert as_lena.post(f"{PROJECT}/guidelines", text, format="json").status_code == 201
    told = as_bob.post(NEXT, {}, format="json").json()
    assert (told["assignments"], told["reason"], told["guideline_version"]) == ([], "read_guidelines", 2)
    assert judge(bob, held).state == "accepted"
    assert as_bob.post(f"{PROJECT}/guidelines/2/acknowledge").json()["number"] == 2
    assert as_bob.post(f"{PROJECT}/guidelines/2/acknowledge").status_code == 200
    assert len(as_bob.post(NEXT, {}, format="json").json()["assignments"]) == 1
    [row] = as_lena.get(f"{PROJECT}/guidelines/2/acknowledgements").json()["results"]
    assert row["name"] == "Bob"
    assert GuidelineAcknowledgement.objects.count() == 1


def test_reading_one_that_is_too_old_is_not_enough(project, bob, lena):
    fill_queue(project, 1)
    guidelines.add_guidelines(actor=lena, project=project, text="Two", requires_reading=True, now=NOON)
    project.refresh_from_db()
    guidelines.acknowledge(user=bob, project=project, number=1, now=NOON)
    assert next_assignments(user=bob, project=project, count=1, now=NOON).reason == "read_guidelines"


def test_a_lead_lifts_the_requirement(project, bob, as_lena):
    fill_queue(project, 1)
    as_lena.post(f"{PROJECT}/guidelines", {"text": "Two", "requires_reading": True}, format="json")
    assert as_lena.put(f"{PROJECT}/guidelines/required", {"number": 9}, format="json").status_code == 404
    assert as_lena.put(f"{PROJECT}/guidelines/required", {"number": 0}, format="json").json() == {"number": 0}
    project.refresh_from_db()
    assert next_of(bob, project)


def test_what_a_new_version_touches_is_asked_again_of_others(project, bob, carol, lena, as_lena):
    fill_queue(project, 3)
    first = Task.objects.order_by("pk")[0]
    first.prompt.tags = ["medicine"]
    first.prompt.save()
    for assignment in next_of(bob, project, count=10):
        judge(bob, assignment)
    guidelines.add_guidelines(actor=lena, project=project, text="Two", now=NOON)
    wanted = {"judged_before": 2, "tags": ["medicine"], "judgments_each": 1}
    answer = as_lena.post(f"{PROJECT}/guidelines/requeue", wanted, format="json")
    assert answer.json() == {"num_tasks": 1, "num_slots": 1, "more": False}
    # While the new slot waits, asking again opens no other.
    assert as_lena.post(f"{PROJECT}/guidelines/requeue", wanted, format="json").json()["num_slots"] == 0
    assert next_of(bob, project, now=LATER) == []
    opt_out(user=carol, project=project, tags=["cooking"])
    [held] = next_of(carol, project)
    assert held.task == first, "whoever leaves out something else is asked too"
    assert judge(carol, held).state == "accepted"
    assert Judgment.objects.filter(task=first, superseded_at=None).count() == 2
    assert Slot.objects.filter(task=first, state="done").count() == 2
    assert keys_of(held)


def test_a_closed_batch_is_not_asked_again(project, bob, carol, lena):
    batch = fill_queue(project, 1).batch
    judge(bob, next_of(bob, project)[0])
    close_batch(batch_id=batch.pk, now=NOON)
    guidelines.add_guidelines(actor=lena, project=project, text="Two", now=NOON)
    done = guidelines.requeue(actor=lena, project=project, affected=guidelines.Affected(judged_before=2))
    tasks = list(batch.tasks.values_list("pk", flat=True))
    change_tasks(actor=lena, project=project, tasks=tasks, changes=TaskChanges(overlap=3))
    assert (done.num_tasks, next_of(carol, project)) == (0, [])


def test_tasks_judged_under_the_new_version_are_left_alone(project, bob, lena):
    guidelines.add_guidelines(actor=lena, project=project, text="Two", now=NOON)
    fill_queue(project, 1)
    judge(bob, next_of(bob, project)[0])
    done = guidelines.requeue(actor=lena, project=project, affected=guidelines.Affected(judged_before=2))
    assert done.num_tasks == 0
