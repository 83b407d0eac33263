"""Taking a judgment back, and one's own list of them."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from labeling.core.errors import Conflict, NotFound
from labeling.models import (
    Assignment,
    Comparison,
    GoldAnswer,
    Judgment,
    Slot,
    Task,
    WebhookDelivery,
    Withdrawal,
)
from labeling.queue_rules import QueueRules
from labeling.selectors import labels
from labeling.selectors.counts import counts
from labeling.selectors.queue import Offer
from labeling.services import webhooks
from labeling.services.assignments import skip
from labeling.services.gold import set_gold_by_letters
from labeling.services.queue import close_batch
from labeling.services.undo import undo
from labeling.services.written import Edit
from tests.labeling.factories import NOON, TONE, ask_for, fill_queue, judge, keys_of, next_of
from tests.labeling.racing import check_invariants
from tests.labeling.test_queue_api import submit, take

SOON = NOON + timedelta(seconds=60)
LATER = NOON + timedelta(hours=1)
MINE = "/api/projects/support/my-judgments"


def take_back(user, assignment, judgment_id: int, *, now=SOON, reason: str = "") -> Offer:
    offer = undo(user=user, assignment=assignment, judgment_id=judgment_id, reason=reason, now=now)
    check_invariants()
    return offer


@pytest.fixture
def held(project, bob) -> Assignment:
    fill_queue(project, 1)
    return next_of(bob, project)[0]


def test_undo_gives_the_task_back_with_what_was_said(project, bob, carol):
    ask_for(
        project,
        edit="optional",
        reasons=TONE,
        criteria=[{"key": "wit", "label": "Wit"}],
        spans=[{"key": "wrong", "label": "Wrong"}],
    )
    fill_queue(project, 1)
    [held] = next_of(bob, project)
    first, second = keys_of(held)
    said = {
        "tiers": [[second], [first]],
        "strengths": [2],
        "criteria": {first: {"wit": 1}, second: {"wit": 5}},
        "reasons": ["tone"],
        "comment": "Hm.",
        "edit": Edit(text="Better."),
        "active_seconds": 9.0,
    }
    judgment_id = judge(bob, held, **said).judgment_id
    offer = take_back(bob, held, judgment_id, reason="Wrong key.")
    assert (offer.id, offer.lease_token) == (held.pk, held.fence)
    assert offer.expires_at == SOON + timedelta(seconds=project.lease_seconds)
    assert offer.draft.body == {
        **said,
        "edit": {"response": second, "text": "Better.", "messages": None},
        "verdict": "none",
        "spans": [],
        "demonstration": None,
    }
    judgment = Judgment.objects.get()
    assert (judgment.superseded_at, judgment.tiers) == (SOON, [[p["response"]] for p in held.presented[::-1]])
    withdrawal = Withdrawal.objects.get()
    assert (withdrawal.judgment, withdrawal.by, withdrawal.reason, withdrawal.at) == (
        judgment,
        bob,
        "Wrong key.",
        SOON,
    )
    assert not Comparison.objects.exists()
    assert list(labels.demonstrations(project_id=project.pk)) == []
    assert next_of(carol, project, now=SOON) == []
    [again] = next_of(bob, project, now=SOON)
    assert (again.pk, again.draft) == (held.pk, offer.draft.body)
    new = judge(bob, again, tiers=[[first], [second]], criteria=said["criteria"], now=SOON)
    assert (new.state, Judgment.objects.filter(superseded_at=None).count()) == ("accepted", 1)
    again.refresh_from_db()
    assert (again.state, again.draft) == ("submitted", None)
    check_invariants()


def test_undoing_twice_is_undoing_once(bob, held):
    judgment_id = judge(bob, held).judgment_id
    first = take_back(bob, held, judgment_id)
    assert take_back(bob, held, judgment_id).draft == first.draft
    assert Withdrawal.objects.count() == 1


def test_the_old_key_stores_nothing_after_an_undo(bob, held):
    key = uuid4()
    judgment_id = judge(bob, held, client_key=key).judgment_id
    take_back(bob, held, judgment_id)
    again = judge(bob, held, client_key=key, now=SOON)
    assert (again.judgment_id, again.state, again.replayed) == (judgment_id, "withdrawn", True)
    assert Slot.objects.get().state == "leased"
    check_invariants()


@pytest.mark.once
def test_the_time_for_undoing_runs_out(project, bob, held):
    judgment_id = judge(bob, held).judgment_id
    with pytest.raises(Conflict) as caught:
        take_back(bob, held, judgment_id, now=NOON + timedelta(seconds=121))
    assert caught.value.code == "undo_over"
    assert take_back(bob, held, judgment_id, now=NOON + timedelta(seconds=120))


def test_a_protocol_may_allow_no_undo(project, bob):
    ask_for(project, undo_seconds=0)
    fill_queue(project, 1)
    [held] = next_of(bob, project)
    judgment_id = judge(bob, held).judgment_id
    with pytest.raises(Conflict):
        take_back(bob, held, judgment_id)


@pytest.mark.once
def test_a_correction_is_undone_as_a_whole(bob, held):
    first = judge(bob, held).judgment_id
    second = judge(bob, held, now=SOON).judgment_id
    with pytest.raises(Conflict) as caught:
        take_back(bob, held, first)
    assert caught.value.code == "not_last_word"
    take_back(bob, held, second)
    assert Judgment.objects.filter(superseded_at=None).count() == 0
    assert Slot.objects.get().state == "leased"
    assert judge(bob, held, now=SOON).state == "accepted"
    check_invariants()


@pytest.mark.once
def test_an_undone_surplus_leaves_the_slot_to_whoever_has_it(project, bob, carol, held):
    [taken] = next_of(carol, project, now=LATER)
    late = judge(bob, held, now=LATER)
    offer = take_back(bob, held, late.judgment_id, now=LATER)
    assert (late.state, offer.expires_at) == ("surplus", None)
    taken.slot.refresh_from_db()
    assert (taken.slot.state, taken.slot.fence) == ("leased", taken.fence)
    assert judge(bob, held, now=LATER).state == "surplus"
    assert judge(carol, taken, now=LATER).state == "accepted"
    check_invariants()


@pytest.mark.once
def test_a_judgment_from_an_older_tab_is_undone_in_the_newer_one(project, bob, carol, held):
    [taken] = next_of(carol, project, now=LATER)
    skip(user=carol, assignment=taken, lease_token=taken.fence, reason="", now=LATER)
    [newer] = next_of(bob, project, now=LATER)
    judge(bob, newer, now=LATER)
    corrected = judge(bob, held, now=LATER)
    offer = take_back(bob, held, corrected.judgment_id, now=LATER)
    assert offer.id == newer.pk
    assert {key for tier in offer.draft.body["tiers"] for key in tier} == set(keys_of(newer))
    assert judge(bob, newer, now=LATER).state == "accepted"
    check_invariants()


@pytest.mark.once
def test_an_abandoned_undo_goes_to_the_next_person(project, bob, carol, held):
    take_back(bob, held, judge(bob, held).judgment_id)
    [taken] = next_of(carol, project, now=LATER)
    assert judge(carol, taken, now=LATER).state == "accepted"
    assert judge(bob, held, now=LATER).state == "surplus"
    check_invariants()


def test_nobody_undoes_what_another_said(project, bob, carol, held):
    judgment_id = judge(bob, held).judgment_id
    fill_queue(project, 1, word="Other")
    [hers] = next_of(carol, project)
    with pytest.raises(NotFound):
        take_back(carol, hers, judgment_id)


def test_a_correction_names_what_it_corrects(bob, held):
    first = judge(bob, held).judgment_id
    second = judge(bob, held, corrects=first)
    assert second.state == "corrected"
    with pytest.raises(Conflict) as caught:
        judge(bob, held, corrects=first)
    assert (caught.value.code, caught.value.fields) == ("not_last_word", {"judgment": second.judgment_id})
    assert Judgment.objects.count() == 2
    old, new = Judgment.objects.order_by("pk")
    assert (new.supersedes_id, old.tiers) == (old.pk, new.tiers)
    check_invariants()


# --- what an undo means to others ----------------------------------------------------------


def test_what_was_said_before_the_known_answer_was_shown_stands(project, as_bob, lena):
    fill_queue(project, 2)
    for task in Task.objects.all():
        set_gold_by_letters(
            actor=lena, project=project, task_id=task.pk, tiers=[["A"], ["B"]], feedback=True, now=NOON
        )
    project.queue_rules = QueueRules(gold_every=1).dump()
    project.save()
    GoldAnswer.objects.filter(task=Task.objects.first()).update(feedback=False)
    assignments = take(as_bob, count=2)
    shown = {one["id"]: submit(as_bob, one).json()["feedback"] is not None for one in assignments}
    listed = as_bob.get(MINE).json()["results"]
    assert {one["assignment"]["id"]: one["undo_until"] is None for one in listed} == shown
    # What the lead changes afterwards is no way around it, nor is a correction.
    GoldAnswer.objects.update(feedback=False)
    refused = {}
    for one in assignments:
        corrected = submit(as_bob, one).json()["judgment"]
        answer = as_bob.post(f"/api/assignments/{one['id']}/undo", {"judgment": corrected}, format="json")
        refused[shown[one["id"]]] = (answer.status_code, answer.json().get("code"))
    assert refused == {True: (409, "answer_shown"), False: (200, None)}
    assert Withdrawal.objects.count() == 1


@pytest.fixture
def adaptive(project):
    project.queue_rules = QueueRules(overlap_max=4, confidence=0.9).dump()
    project.save()
    fill_queue(project, 1, overlap=2)
    return project


def prefer(user, assignment, *, first: bool, now=NOON) -> int:
    """One of the two responses, the same whatever order they are shown in."""
    keys = [place["key"] for place in sorted(assignment.presented, key=lambda one: one["response"])]
    return judge(user, assignment, tiers=[[key] for key in keys[:: 1 if first else -1]], now=now).judgment_id


def num_open() -> int:
    return Slot.objects.filter(state="open", withdrawn=False).count()


def test_a_doubt_that_is_taken_back_asks_nobody(adaptive, bob, carol, lena):
    [his], [hers] = next_of(bob, adaptive), next_of(carol, adaptive)
    prefer(bob, his, first=True)
    judgment_id = prefer(carol, hers, first=False)
    assert num_open() == 1
    take_back(carol, hers, judgment_id)
    assert num_open() == 0
    assert next_of(lena, adaptive) == []
    prefer(carol, hers, first=False, now=SOON)
    assert num_open() == 1
    [third] = next_of(lena, adaptive, now=SOON)
    assert third.task_id == hers.task_id


def test_who_was_asked_already_stays_asked(adaptive, bob, carol, lena):
    [his], [hers] = next_of(bob, adaptive), next_of(carol, adaptive)
    prefer(bob, his, first=True)
    judgment_id = prefer(carol, hers, first=False)
    [third] = next_of(lena, adaptive)
    take_back(carol, hers, judgment_id)
    assert judge(lena, third).state == "accepted"
    assert num_open() == 0, "carol has not spoken yet"


def test_a_vote_taken_back_may_need_another(adaptive, bob, carol, lena):
    """Bob's vote came late and made the others sure; there is no slot to give back to him."""
    [his] = next_of(bob, adaptive)
    [hers], [third] = next_of(carol, adaptive, now=LATER), next_of(lena, adaptive, now=LATER)
    for person, held in ((carol, hers), (lena, third)):
        prefer(person, held, first=True, now=LATER)
    assert num_open() == 1, "two alike are not enough"
    late = prefer(bob, his, first=True, now=LATER)
    assert num_open() == 0, "three are"
    take_back(bob, his, late, now=LATER)
    assert num_open() == 1


def test_a_task_is_complete_once_nobody_is_asked_any_more(adaptive, bob, carol, lena, alice, settings):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    webhooks.create_webhook(
        actor=alice,
        project=adaptive,
        url="http://127.0.0.1:9",
        events=webhooks.CHOICES,
        description="",
        now=NOON,
    )
    [his], [hers] = next_of(bob, adaptive), next_of(carol, adaptive)
    judgment_id = prefer(bob, his, first=True)
    take_back(bob, his, judgment_id)
    prefer(bob, his, first=True, now=SOON)
    prefer(carol, hers, first=False)
    for person, first in ((lena, True), (alice, True)):
        prefer(person, next_of(person, adaptive)[0], first=first)
    events = list(WebhookDelivery.objects.order_by("pk").values_list("event", flat=True))
    assert events == [
        "judgment.submitted",
        "judgment.withdrawn",
        *["judgment.submitted"] * 4,
        "task.completed",
    ]
    told = WebhookDelivery.objects.get(event="judgment.withdrawn").payload["data"]
    assert told == {
        "judgment": judgment_id,
        "task": his.task_id,
        "annotator": his.annotator_id,
        "arm": "random",
    }


def test_an_undo_in_a_closed_batch_opens_nothing_for_others(project, bob, carol):
    batch = fill_queue(project, 1, arm="evaluation").batch
    [held] = next_of(bob, project)
    judgment_id = judge(bob, held).judgment_id
    close_batch(batch_id=batch.pk, now=NOON)
    take_back(bob, held, judgment_id)
    assert counts(project_id=project.pk, now=LATER)["slots_open"] == 0
    assert next_of(carol, project, now=LATER) == []
    [again] = next_of(bob, project, now=LATER)
    assert (again.pk, judge(bob, again, now=LATER).state) == (held.pk, "accepted")
    check_invariants()


def test_a_closed_batch_asks_nobody_more(adaptive, bob, carol):
    [his], [hers] = next_of(bob, adaptive), next_of(carol, adaptive)
    prefer(bob, his, first=True)
    close_batch(batch_id=his.task.batch_id, now=NOON)
    prefer(carol, hers, first=False)
    assert num_open() == 0


# --- over HTTP -------------------------------------------------------------------------


def test_undo_over_http(project, as_bob, as_carol):
    fill_queue(project, 1)
    [assignment] = take(as_bob)
    judgment = submit(as_bob, assignment, comment="Oops.").json()["judgment"]
    address = f"/api/assignments/{assignment['id']}/undo"
    assert as_carol.post(address, {"judgment": judgment}, format="json").status_code == 404
    assert as_bob.post(address, {}, format="json").status_code == 400
    answer = as_bob.post(address, {"judgment": judgment}, format="json")
    assert (answer.status_code, answer.json()["id"]) == (200, assignment["id"])
    assert answer.json()["draft"]["body"]["comment"] == "Oops."
    draft = answer.json()["draft"]["body"]
    again = submit(as_bob, answer.json(), **draft)
    assert again.json()["state"] == "accepted", again.json()


def test_people_read_their_own_judgments_under_their_own_keys(project, as_bob, as_carol):
    ask_for(project, edit="optional")
    fill_queue(project, 3, overlap=2)
    sent = []
    for number in range(3):
        [assignment] = take(as_bob)
        sent.append(assignment)
        edit = {"text": f"Edit {number}", "response": None}
        submit(as_bob, assignment, comment=f"No. {number}", edit=edit)
    page = as_bob.get(MINE, {"page_size": 2}).json()
    assert [row["judgment"]["comment"] for row in page["results"]] == ["No. 2", "No. 1"]
    newest = page["results"][0]
    assert newest["assignment"]["responses"] == sent[2]["responses"]
    assert newest["judgment"]["tiers"] == [[response["key"]] for response in sent[2]["responses"]]
    assert newest["judgment"]["edit"]["text"] == "Edit 2"
    assert newest["undo_until"] > newest["created_at"]
    rest = as_bob.get(MINE, {"page_size": 2, "cursor": page["next"]}).json()
    assert ([row["judgment"]["comment"] for row in rest["results"]], rest["next"]) == (["No. 0"], None)
    assert as_carol.get(MINE).json()["results"] == []
    text = str(page)
    assert not any(secret in text for secret in ("policy-", "generator", "'arm'", "hash"))


def test_the_list_can_show_what_was_corrected_and_taken_back(project, as_bob):
    fill_queue(project, 2)
    [first] = take(as_bob)
    submit(as_bob, first, comment="one")
    submit(as_bob, first, comment="two")
    [second] = take(as_bob)
    gone = submit(as_bob, second, comment="gone").json()["judgment"]
    as_bob.post(f"/api/assignments/{second['id']}/undo", {"judgment": gone}, format="json")
    assert [row["judgment"]["comment"] for row in as_bob.get(MINE).json()["results"]] == ["two"]
    everything = as_bob.get(MINE, {"everything": "true"}).json()["results"]
    assert [(row["judgment"]["comment"], row["withdrawn"]) for row in everything] == [
        ("gone", True),
        ("two", False),
        ("one", False),
    ]


@pytest.mark.once
def test_a_page_of_ones_own_judgments_costs_the_same_however_long(
    project, bob, as_bob, django_assert_max_num_queries
):
    fill_queue(project, 20)
    while held := next_of(bob, project, count=10):
        for one in held:
            judge(bob, one)
    with django_assert_max_num_queries(5):
        assert len(as_bob.get(MINE, {"page_size": 20}).json()["results"]) == 20
