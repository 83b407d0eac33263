"""Blind, shuffled and balanced."""

from __future__ import annotations

import json

import pytest

from labeling.models import Assignment, Response, Task
from labeling.services.presentation import presented_order
from labeling.services.prompts import PromptDraft, add_prompts
from labeling.services.queue import ResponseDraft, TaskDraft, queue_tasks
from tests.labeling.factories import NOON, fill_queue, judge, make_generators, next_of, reply


def orders(num_tasks: int, slot_no: int, num_responses: int = 2) -> list[list[int]]:
    return [
        presented_order(
            task_id=task, slot_no=slot_no, response_ids=range(task * 10, task * 10 + num_responses)
        )
        for task in range(num_tasks)
    ]


def test_over_a_thousand_tasks_each_side_is_first_half_of_the_time():
    first_is_stored_first = sum(order[0] % 10 == 0 for order in orders(1000, slot_no=0))
    assert 430 < first_is_stored_first < 570  # 4.4 standard deviations


def test_two_slots_of_a_task_show_every_pair_both_ways_round():
    for even, odd in zip(orders(1000, 0, 5), orders(1000, 1, 5), strict=True):
        assert even == odd[::-1]


def test_over_its_slots_each_response_takes_each_place_equally_often():
    places: dict[int, list[int]] = {}
    for slot_no in range(8):
        for place, response in enumerate(presented_order(task_id=7, slot_no=slot_no, response_ids=range(4))):
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
