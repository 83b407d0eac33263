"""Responses that people write from nothing."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from labeling.core.errors import DomainError
from labeling.models import Comparison, Judgment, Project, Prompt, Response, Slot, Task
from labeling.selectors import labels
from labeling.services.demonstrations import queue_demonstrations
from labeling.services.imports import import_rows
from labeling.services.undo import undo
from labeling.services.written import Words
from tests.labeling.factories import NOON, ask_for, fill_queue, judge, make_prompts, next_of, reply
from tests.labeling.racing import check_invariants
from tests.labeling.test_imports import lines
from tests.labeling.test_labels import exported
from tests.labeling.test_queue_api import take

ADDRESS = "/api/projects/support/demonstrations"
LATER = NOON + timedelta(hours=1)


def ask(alice, project, num: int = 1, **more):
    ask_for(project, demonstrations={"on": True, "min_length": 3})
    ids = make_prompts(project, num, word="Write")
    return queue_demonstrations(
        actor=alice, project=project, reference="w", name="W", now=NOON, prompt_ids=ids, **more
    )


@pytest.fixture
def held(project, alice, bob):
    ask(alice, project)
    return next_of(bob, project)[0]


def write(user, held, text: str | None = "A good reply.", **more):
    words = {} if text is None else {"demonstration": Words(text=text)}
    return judge(user, held, tiers=[], **words, **more)


def test_a_written_response_is_a_demonstration(project, bob, held):
    judgment = Judgment.objects.get(pk=write(bob, held, "  A good reply.\n", active_seconds=60.0).judgment_id)
    assert (judgment.tiers, judgment.verdict, judgment.active_seconds) == ([], "none", 60.0)
    written = judgment.written_response
    assert (written.messages, written.edited_from) == (reply("  A good reply.\n"), None)
    assert not Comparison.objects.exists()
    [row] = labels.demonstrations(project_id=project.pk)
    assert (row.messages, row.prompt_id, row.judgment_id) == (
        written.messages,
        held.task.prompt_id,
        judgment.pk,
    )
    assert (row.annotator_id, row.split) == (judgment.annotator_id, held.task.prompt.split)
    [whole] = labels.judgments(project_id=project.pk)
    assert (whole.kind, whole.responses, whole.written.messages) == ("demonstrate", [], written.messages)
    held.slot.refresh_from_db()
    assert held.slot.state == "done"
    check_invariants()


def test_it_is_stored_exactly_once_corrected_and_undone_like_any_judgment(project, bob, held):
    key = uuid4()
    first = write(bob, held, client_key=key)
    assert write(bob, held, client_key=key).judgment_id == first.judgment_id
    second = write(bob, held, "A better reply.")
    assert second.state == "corrected"
    [row] = labels.demonstrations(project_id=project.pk)
    assert row.messages == reply("A better reply.")
    offer = undo(user=bob, assignment=held, judgment_id=second.judgment_id, reason="", now=NOON)
    assert offer.draft.body["demonstration"] == {"text": "A better reply.", "messages": None}
    assert list(labels.demonstrations(project_id=project.pk)) == []
    check_invariants()
    assert write(bob, held).state == "accepted"
    assert [row.messages for row in labels.demonstrations(project_id=project.pk)] == [reply("A good reply.")]
    check_invariants()


def test_a_late_one_is_kept(project, bob, carol, held):
    next_of(carol, project, now=LATER)
    assert write(bob, held, now=LATER).state == "surplus"
    assert len(list(labels.demonstrations(project_id=project.pk))) == 1


def test_a_frozen_moment_does_not_show_what_came_later(project, bob, held):
    write(bob, held, now=LATER)
    assert list(labels.demonstrations(project_id=project.pk, until=NOON)) == []


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "demonstration"),
        ({"demonstration": Words(text=" ")}, "demonstration"),
        ({"demonstration": Words(text="ab")}, "demonstration"),
        ({"demonstration": Words()}, "demonstration"),
        ({"demonstration": Words(messages=[{"role": "user", "content": "Hi"}])}, "demonstration"),
        ({"demonstration": Words(text="Good."), "tiers": [["a"]]}, "tiers"),
        ({"demonstration": Words(text="Good."), "strengths": [1]}, "strengths"),
        ({"demonstration": Words(text="Good."), "verdict": "both_bad"}, "verdict"),
        ({"demonstration": Words(text="Good."), "verdict": "cannot_judge"}, "demonstration"),
    ],
)
def test_what_is_no_demonstration_is_refused_and_stores_nothing(bob, held, said, field):
    with pytest.raises(DomainError) as caught:
        judge(bob, held, **{"tiers": [], **said})
    assert list(caught.value.fields) == [field]
    assert not Judgment.objects.exists()
    assert not Response.objects.exists()


def test_nobody_has_to_write(project, bob, held):
    assert write(bob, held, None, verdict="cannot_judge").state == "accepted"
    assert list(labels.demonstrations(project_id=project.pk)) == []


def test_a_ranking_takes_no_demonstration(project, bob):
    fill_queue(project, 1)
    [held] = next_of(bob, project)
    with pytest.raises(DomainError, match="asks for a ranking"):
        judge(bob, held, demonstration=Words(text="Mine."))


def test_demonstrations_are_no_comparisons_to_wait_for(project, bob, held):
    fill_queue(project, 1)
    assert labels.open_slots(project_id=project.pk, now=LATER) == 1
    write(bob, held)
    assert labels.num_judgments(project_id=project.pk) == 0


# --- over HTTP -------------------------------------------------------------------------


@pytest.mark.once
def test_a_lead_asks_and_an_annotator_writes(project, as_lena, as_bob, as_rita):
    body = {
        "reference": "r",
        "prompts": [{"prompt": "Q?", "licence": "cc0-1.0", "tags": ["t"]}],
        "overlap": 2,
    }
    off = as_lena.post(ADDRESS, body, format="json")
    assert (off.status_code, off.json()["code"]) == (400, "demonstrations_off")
    ask_for(project, demonstrations={"on": True})
    made = as_lena.post(ADDRESS, body, format="json")
    assert (made.status_code, made.json()["tasks_created"]) == (201, 1)
    again = as_lena.post(ADDRESS, body, format="json")
    assert (again.status_code, again.json()["replayed"]) == (200, True)
    assert (Task.objects.get().kind, Slot.objects.count()) == ("demonstrate", 2)
    assert as_lena.get("/api/projects/support/tasks").json()["results"][0]["kind"] == "demonstrate"
    [assignment] = take(as_bob)
    assert (assignment["kind"], assignment["responses"]) == ("demonstrate", [])
    assert assignment["prompt"]["messages"] == [{"role": "user", "content": "Q?"}]
    sent = {"lease_token": assignment["lease_token"], "client_key": str(uuid4())}
    address = f"/api/assignments/{assignment['id']}/submit"
    assert as_bob.post(address, sent, format="json").status_code == 400
    answer = as_bob.post(address, {**sent, "demonstration": {"text": "A."}}, format="json")
    assert (answer.status_code, answer.json()["state"]) == (201, "accepted")
    last = as_bob.get("/api/projects/support/my-work").json()["last"]
    assert last["judgment"]["demonstration"]["text"] == "A."
    [row] = exported(as_rita, "demonstrations")
    assert (row["completion"], row["licence"]) == (reply("A."), "cc0-1.0")
    assert row["prompt"] == [{"role": "user", "content": "Q?"}]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"reference": "r"}, 400),
        ({"reference": "r", "prompt_ids": [987654]}, 404),
        ({"reference": "r", "prompts": [{"prompt": "Q?", "responses": ["a", "b"]}]}, 400),
        ({"reference": "r", "prompts": [{"prompt": ""}]}, 400),
        ({"reference": "", "prompts": [{"prompt": "Q?"}]}, 400),
        ({"reference": "r", "prompts": [{"prompt": "Q?"}], "overlap": 0}, 400),
    ],
)
def test_a_wrong_request_queues_nothing(project, as_lena, body, status):
    ask_for(project, demonstrations={"on": True})
    assert as_lena.post(ADDRESS, body, format="json").status_code == status
    assert (Task.objects.count(), Prompt.objects.count(), project.batches.count()) == (0, 0, 0)


def test_prompts_of_another_project_are_unknown(project, alice):
    other = Project.objects.create(slug="other", name="Other")
    [theirs] = make_prompts(other, 1)
    ask_for(project, demonstrations={"on": True})
    with pytest.raises(DomainError, match="no prompt"):
        queue_demonstrations(
            actor=alice, project=project, reference="r", name="", now=NOON, prompt_ids=[theirs]
        )


# --- by import -------------------------------------------------------------------------


def test_rows_to_demonstrate_are_imported_once(project, bob):
    rows = [{"prompt": f"Q{n}?", "kind": "demonstrate", "overlap": 2, "licence": "cc0-1.0"} for n in range(3)]
    with pytest.raises(DomainError, match="turn them on"):
        import_rows(project=project, stream=lines(*rows), now=NOON)
    assert not Prompt.objects.exists()
    ask_for(project, demonstrations={"on": True})
    assert import_rows(project=project, stream=lines(*rows, rows[0]), now=NOON).tasks_created == 3
    assert import_rows(project=project, stream=lines(*rows), now=NOON).tasks_created == 0
    assert (Slot.objects.count(), set(Task.objects.values_list("kind", flat=True))) == (6, {"demonstrate"})
    [held] = next_of(bob, project)
    assert held.task.prompt.messages[0]["content"] == "Q0?"
    assert write(bob, held).state == "accepted"


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ({"prompt": "Q?", "kind": "write"}, "one of rank, demonstrate"),
        ({"prompt": "Q?", "kind": "demonstrate", "responses": ["a", "b"]}, "no responses"),
    ],
)
def test_a_row_that_is_no_demonstration_is_told_so(project, row, word):
    with pytest.raises(DomainError) as caught:
        import_rows(project=project, stream=lines(row), now=NOON)
    assert word in caught.value.message
