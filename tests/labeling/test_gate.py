"""What must not be shown is held back, and a lead decides."""

from __future__ import annotations

import pytest

from labeling.core.models import AuditEvent
from labeling.models import Generator, Hold, Response, Slot
from labeling.queue_rules import QueueRules
from labeling.selectors.counts import counts
from labeling.services import assignments, gate, steering
from labeling.services.queue import ResponseDraft, TaskDraft, queue_tasks
from tests.labeling.factories import NOON, fill_queue, judge, make_generators, make_prompts, next_of, reply

HOLDS = "/api/projects/support/holds"


def queue(project, *texts: str, finish: str = "", reference: str = "t"):
    generators = make_generators(project, len(texts))
    [prompt_id] = make_prompts(project, 1, word=reference)
    draft = TaskDraft(
        prompt_id,
        [ResponseDraft(one, reply(text), finish) for one, text in zip(generators, texts, strict=True)],
        "random",
        1,
    )
    return queue_tasks(project=project, reference=reference, name="T", items=[draft], now=NOON)


def rules_broken(text: str, *, asked: str = "", finish: str = "", **rules) -> list[str]:
    found = gate.leaks(text=text, asked=asked, finish=finish, generator=None, rules=QueueRules(**rules))
    return [rule for rule, _ in found]


@pytest.mark.parametrize(
    "text",
    [
        "As an AI language model, I cannot do that.",
        "I'm a large language model trained to help.",
        "I am Claude, happy to help.",
        "My name is Gemini.",
        "I was developed by OpenAI.",
        "ChatGPT here! Ask away.",
        "Trained by Meta AI.",
        "That is beyond Qwen2.5.",
    ],
)
def test_a_response_that_names_its_model_is_found(text):
    assert rules_broken(text) == ["names_model"]


@pytest.mark.parametrize(
    "text",
    [
        "Claude Monet painted water lilies.",
        "A llama is not an alpaca.",
        "Gemini is a constellation; pi is 3.14.",
        "The bard sang. Mistral is a wind.",
        "She works as an aide.",
        "Call 429 Elm Street; the error was mine.",
        "This is a falcon.",
    ],
)
def test_everyday_words_are_no_leak(text):
    assert rules_broken(text) == []


def test_a_name_that_the_prompt_asks_about_is_no_leak():
    assert rules_broken("OpenAI was founded in 2015.", asked="When was OpenAI founded?") == []


@pytest.mark.parametrize(
    "text",
    [
        "Traceback (most recent call last):\n  File …",
        "Error 429: slow down",
        "error code: 500",
        "You hit the rate limit.",
        "503 Service Unavailable",
        "Rate limit reached for this key",
        "CUDA out of memory",
    ],
)
def test_error_text_is_found(text):
    assert rules_broken(text) == ["error_text"]


def test_what_was_cut_off_is_found():
    assert rules_broken("And then the", finish="length") == ["cut_off"]
    assert rules_broken("Run this:\n```python\nprint(1)", finish="stop") == ["cut_off"]
    assert rules_broken("Run this:\n```python\nprint(1)\n```\nDone.") == []
    assert rules_broken("~~~\n```\n~~~") == []


def test_each_rule_can_be_switched_off_and_phrases_added():
    assert rules_broken("I am Claude.", hold_names=False) == []
    assert rules_broken("Error 429", hold_errors=False) == []
    assert rules_broken("…", finish="length", hold_cut_off=False) == []
    assert rules_broken("Thanks for using Acme Bot today.", hold_phrases=("acme*bot",)) == ["phrase"]
    assert rules_broken("(a+)+$" + "a" * 5000 + "!", hold_phrases=("(a+)+$",)) in ([], ["phrase"])


def test_a_generators_own_name_is_a_leak(project):
    [generator] = make_generators(project, 1)
    found = list(
        gate.leaks(
            text="policy-0 at your service", asked="", finish="", generator=generator, rules=QueueRules()
        )
    )
    assert found[0][0] == "names_model"
    person = Generator(kind="person", name="agent 47")
    assert not list(
        gate.leaks(text="I am agent 47", asked="", finish="", generator=person, rules=QueueRules())
    )


def test_a_held_task_is_offered_to_nobody(project, bob):
    queue(project, "I am ChatGPT.", "Yes.")
    assert assignments.next_assignments(user=bob, project=project, count=1, now=NOON).reason == "empty"
    assert counts(project_id=project.pk, now=NOON)["held"] == 1
    assert counts(project_id=project.pk, now=NOON)["slots_open"] == 0


def test_a_released_task_is_offered_even_behind_the_cursor(project, bob, lena):
    queue(project, "I am ChatGPT.", "Yes.")
    fill_queue(project, 3, overlap=2)
    while held := next_of(bob, project):
        judge(bob, held[0])
    hold = Hold.objects.get()
    gate.decide(actor=lena, project=project, task_ids=[hold.task_id], release=True, now=NOON)
    assert next_of(bob, project)[0].task_id == hold.task_id
    assert counts(project_id=project.pk, now=NOON)["held"] == 0
    assert AuditEvent.objects.get(action="hold.released").data["rules"] == ["names_model"]


def test_a_rejected_task_stays_away_for_good(project, bob, lena):
    queue(project, "Error 429", "Yes.")
    hold = Hold.objects.get()
    gate.decide(actor=lena, project=project, task_ids=[hold.task_id], release=False, now=NOON)
    gate.decide(actor=lena, project=project, task_ids=[hold.task_id], release=True, now=NOON)
    hold.refresh_from_db()
    assert hold.state == "rejected"
    assert not next_of(bob, project)


def test_more_overlap_does_not_open_a_held_task(project, bob, lena):
    queue(project, "Error 429", "Yes.")
    steering.change_tasks(
        actor=lena,
        project=project,
        tasks=[Hold.objects.get().task_id],
        changes=steering.TaskChanges(overlap=3, priority=4),
    )
    assert not next_of(bob, project)
    assert not Slot.objects.filter(withdrawn=False).exists()


def test_how_a_model_ended_is_stored(project):
    queue(project, "And then the", "Yes.", finish="length")
    assert set(Response.objects.values_list("finish", flat=True)) == {"length"}
    assert Hold.objects.get().findings[0]["rule"] == "cut_off"


def test_a_lead_sees_what_was_held_and_decides_in_bulk(project, as_lena, as_bob):
    queue(project, "I am ChatGPT.", "Yes.")
    queue(project, "Error 429", "Yes.", reference="u")
    listed = as_lena.get(HOLDS).json()["results"]
    assert [one["findings"][0]["rule"] for one in listed] == ["error_text", "names_model"]
    assert "ChatGPT" in listed[1]["findings"][0]["excerpt"]
    assert set(listed[0]["findings"][0]) == {"rule", "excerpt"}
    assert len(as_lena.get(HOLDS, {"rule": "error_text"}).json()["results"]) == 1
    tasks = [one["task"] for one in listed]
    body = {"tasks": tasks, "release": True}
    assert as_bob.post(f"{HOLDS}/decide", body, format="json").status_code == 403
    assert as_lena.post(f"{HOLDS}/decide", body, format="json").json() == {"changed": 2}
    assert as_lena.get(HOLDS).json()["results"] == []
    assert len(as_lena.get(HOLDS, {"state": "released"}).json()["results"]) == 2
    unknown = as_lena.post(f"{HOLDS}/decide", {"tasks": [99999], "release": True}, format="json")
    assert unknown.status_code == 404


def test_the_gate_follows_the_projects_rules(project, as_lena, bob):
    rules = as_lena.patch(
        "/api/projects/support/queue",
        {"hold_errors": False, "hold_phrases": ["acme*bot"]},
        format="json",
    )
    assert (rules.status_code, rules.json()["hold_errors"]) == (200, False)
    queue(project, "Error 429", "Yes.")
    queue(project, "ACME chat bot here", "Yes.", reference="u")
    assert [hold.findings[0]["rule"] for hold in Hold.objects.all()] == ["phrase"]
