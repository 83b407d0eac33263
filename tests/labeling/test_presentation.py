"""Blind, shuffled and balanced."""

from __future__ import annotations

import json
import re
from collections import Counter
from uuid import uuid4

import pytest
from django.core.management import call_command

from labeling.api import assignments as api_assignments
from labeling.core.models import User
from labeling.models import Assignment, Membership, Project, Response, Task, TaskResponse
from labeling.selectors import counts
from labeling.services.presentation import presented_order
from labeling.services.prompts import PromptDraft, add_prompts
from labeling.services.queue import ResponseDraft, TaskDraft, queue_tasks
from tests.labeling.factories import NOON, fill_queue, judge, make_generators, make_prompts, next_of, reply


def orders(num_tasks: int, slot_no: int, num_responses: int = 2) -> list[list[int]]:
    return [
        presented_order(
            task_id=task,
            slot_no=slot_no,
            hashes={id: f"text {id}" for id in range(task * 10, task * 10 + num_responses)},
        )
        for task in range(num_tasks)
    ]


def test_over_a_thousand_tasks_each_side_is_first_half_of_the_time():
    first_is_stored_first = sum(order[0] % 10 == 0 for order in orders(1000, slot_no=0))
    assert 430 < first_is_stored_first < 570  # 4.4 standard deviations


@pytest.mark.once
def test_two_slots_of_a_task_show_every_pair_both_ways_round():
    for even, odd in zip(orders(1000, 0, 5), orders(1000, 1, 5), strict=True):
        assert even == odd[::-1]


def test_over_its_slots_each_response_takes_each_place_equally_often():
    places: dict[int, list[int]] = {}
    for slot_no in range(8):
        hashes = {id: f"text {id}" for id in range(4)}
        for place, response in enumerate(presented_order(task_id=7, slot_no=slot_no, hashes=hashes)):
            places.setdefault(response, []).append(place)
    assert all(sorted(taken) == [0, 0, 1, 1, 2, 2, 3, 3] for taken in places.values())


def test_the_order_depends_on_the_servers_secret(settings):
    before = orders(50, 0)
    settings.SECRET_KEY = "another secret"
    assert orders(50, 0) != before


def test_both_people_of_a_task_see_opposite_orders(project, bob, carol):
    fill_queue(project, 10, overlap=2)
    shown: dict[int, list[list[int]]] = {}
    for person in (bob, carol):
        for one in next_of(person, project, count=5):
            judge(person, one)
    for person in (bob, carol):
        for one in next_of(person, project, count=5):
            judge(person, one)
    for one in Assignment.objects.order_by("slot__slot_no"):
        shown.setdefault(one.task_id, []).append([place["response"] for place in one.presented])
    assert len(shown) == 10
    for even, odd in shown.values():
        assert even == odd[::-1]


@pytest.mark.parametrize("arm", ["random", "evaluation"])
def test_the_payload_tells_nothing_of_who_wrote_what(project, as_bob, arm):
    fill_queue(project, 5, num_responses=3, arm=arm)
    answer = as_bob.post("/api/projects/support/assignments/next", {"count": 5}, format="json").json()
    assert len(answer["assignments"]) == 5
    text = json.dumps(answer)
    for secret in ("policy-", "policy@", "generator", '"arm"', "evaluation", "hash", "response_id"):
        assert secret not in text
    for assignment in answer["assignments"]:
        assert set(assignment) == {
            "id",
            "lease_token",
            "expires_at",
            "prompt",
            "responses",
            "protocol",
            "protocol_version",
            "guideline_version",
            "kind",
            "draft",
            "returned",
        }
        assert assignment["returned"] is None
        for response in assignment["responses"]:
            assert set(response) == {"key", "messages"}
            assert set(response["messages"][0]) == {"role", "content"}


def test_keys_differ_for_every_annotator(project, as_bob, as_carol):
    fill_queue(project, 1, overlap=2)
    keys = [
        response["key"]
        for client in (as_bob, as_carol)
        for response in client.post("/api/projects/support/assignments/next", {}, format="json").json()[
            "assignments"
        ][0]["responses"]
    ]
    assert len(set(keys)) == 4
    ids = {str(id) for id in Response.objects.values_list("pk", flat=True)}
    assert not ids & set(keys)


def test_tool_traffic_and_reasoning_are_not_shown(project, bob, as_bob):
    prompt = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Where is my parcel?"},
    ]
    generators = make_generators(project, 2)
    [prompt_id] = add_prompts(project=project, rows=[PromptDraft(prompt)], now=NOON).ids.values()
    with_tools = [
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"name": "track"}],
            "reasoning": "thought",
        },
        {"role": "tool", "content": "In Bonn."},
        {"role": "assistant", "content": "It is in Bonn.", "reasoning": "thought"},
    ]
    drafts = [ResponseDraft(generators[0], with_tools), ResponseDraft(generators[1], reply("No idea."))]
    queue_tasks(
        project=project, reference="t", name="t", items=[TaskDraft(prompt_id, drafts, "random", 1)], now=NOON
    )
    answer = as_bob.post("/api/projects/support/assignments/next", {}, format="json").json()["assignments"][0]
    assert answer["prompt"]["messages"] == prompt
    assert {json.dumps(response["messages"]) for response in answer["responses"]} == {
        json.dumps([{"role": "assistant", "content": "It is in Bonn."}]),
        json.dumps([{"role": "assistant", "content": "No idea."}]),
    }


def test_equal_texts_are_not_compared(project):
    generators = make_generators(project, 3)
    [prompt_id] = add_prompts(
        project=project, rows=[PromptDraft([{"role": "user", "content": "Hi"}])], now=NOON
    ).ids.values()

    def draft(*texts: str) -> TaskDraft:
        responses = [
            ResponseDraft(generator, reply(text)) for generator, text in zip(generators, texts, strict=False)
        ]
        return TaskDraft(prompt_id, responses, "evaluation", 1)

    result = queue_tasks(
        project=project,
        reference="t",
        name="t",
        items=[
            draft("same", "same"),
            draft("one", "two", "one"),
            draft("cafe\u0301", "caf\u00e9"),
            draft("x"),
        ],
        now=NOON,
    )
    assert (result.tasks_created, result.tasks_skipped) == (1, 3)
    assert Task.objects.get().responses.count() == 2


# --- nobody can tell ---------------------------------------------------------------------

# Two texts each; the second generator wrote the second text, or, swapped, the first.
PAIRS = [(f"Yes, number {n}.", f"No, and here is why number {n} is wrong.") for n in range(6)]


def a_house(swapped: bool, arm: str):
    """The same texts under generators that changed places, in a database with fresh numbering."""
    call_command("flush", interactive=False, reset_sequences=True, verbosity=0)
    bob = User.objects.create(email="bob@example.com", name="Bob")
    project = Project.objects.create(slug="support", name="Support", created_at=NOON)
    Membership.objects.create(project=project, user=bob, role="annotator")
    generators = make_generators(project, 2)
    if swapped:
        generators.reverse()
    prompts = make_prompts(project, len(PAIRS))
    items = [
        TaskDraft(
            prompt_id,
            [
                ResponseDraft(generator, reply(text))
                for generator, text in zip(generators, texts, strict=True)
            ],
            arm,
            1,
        )
        for prompt_id, texts in zip(sorted(prompts), PAIRS, strict=True)
    ]
    queue_tasks(project=project, reference="t", name="t", items=items, now=NOON)
    return bob, project


def all_bob_receives(login, published, swapped: bool, arm: str) -> tuple[bytes, list[object]]:
    """Every byte of a day's answers, with ids that are random put as 0, and what his socket hears."""
    bob, _ = a_house(swapped, arm)
    published.clear()
    client = login(bob)
    heard: list[bytes] = []
    for _ in range(3):
        answer = client.post("/api/projects/support/assignments/next", {"count": 2}, format="json")
        heard.append(answer.content)
        for one in answer.json()["assignments"]:
            keys = [response["key"] for response in one["responses"]]
            body = {
                "lease_token": one["lease_token"],
                "client_key": str(uuid4()),
                "tiers": [[k] for k in keys],
            }
            heard.append(client.post(f"/api/assignments/{one['id']}/submit", body, format="json").content)
        heard += [client.get(f"/api/projects/support{path}").content for path in ("", "/my-work", "/counts")]
    text = b"\n".join(heard)
    text = re.sub(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", b"0", text)
    return re.sub(rb'"key":"[\w-]{12}"', b'"key":"0"', re.sub(rb'\["[\w-]{12}"\]', b"[0]", text)), list(
        published
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("arm", ["random", "evaluation"])
def test_generators_that_change_places_leave_every_byte_as_it_was(login, published, monkeypatch, arm):
    for module in (api_assignments, counts):
        monkeypatch.setattr(module.timezone, "now", lambda: NOON)
    one = all_bob_receives(login, published, False, arm)
    other = all_bob_receives(login, published, True, arm)
    assert b"here is why" in one[0]
    assert one == other
    assert {(event.topic, event.id) for event in one[1]} == {("queue", None)}


@pytest.mark.once
def test_over_a_thousand_tasks_each_side_is_a_equally_often(project, bob, carol):
    """Over a task's two people exactly once each, and for each of them about half of the time."""
    batch = fill_queue(project, 1000, overlap=2).batch
    first = dict(
        TaskResponse.objects.filter(task__batch=batch, position=0).values_list("task_id", "response_id")
    )
    hashes: dict[int, dict[int, str]] = {}
    rows = TaskResponse.objects.filter(task__batch=batch).values_list(
        "task_id", "response_id", "response__hash"
    )
    for task_id, response_id, hash in rows:
        hashes.setdefault(task_id, {})[response_id] = hash
    shown_first = [
        [
            presented_order(task_id=task_id, slot_no=slot_no, hashes=of_task)[0] == first[task_id]
            for task_id, of_task in hashes.items()
        ]
        for slot_no in (0, 1)
    ]
    assert all(one != other for one, other in zip(*shown_first, strict=True))
    assert sum(map(sum, shown_first)) == 1000
    assert 430 < sum(shown_first[0]) < 570  # 4.4 standard deviations


@pytest.mark.parametrize("num_responses", range(2, 10))
def test_over_2k_slots_every_response_takes_every_place_twice(num_responses):
    hashes = {id: f"text {id}" for id in range(num_responses)}
    places = Counter(
        (response, place)
        for slot_no in range(2 * num_responses)
        for place, response in enumerate(presented_order(task_id=7, slot_no=slot_no, hashes=hashes))
    )
    assert set(places.values()) == {2}
    assert len(places) == num_responses**2


def test_the_order_is_the_same_after_a_reload(project, as_bob):
    fill_queue(project, 3, num_responses=5)
    url = "/api/projects/support/assignments/next"
    once, again = (as_bob.post(url, {"count": 3}, format="json").json()["assignments"] for _ in range(2))
    assert [one["responses"] for one in once] == [one["responses"] for one in again]
