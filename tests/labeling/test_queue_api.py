"""The queue over HTTP."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from labeling.core.services.tokens import create_token
from labeling.models import Judgment, Membership, Slot
from tests.labeling.factories import NOON, fill_queue, judge, next_of

NEXT = "/api/projects/support/assignments/next"
WORK = "/api/projects/support/my-work"


def take(client, **body):
    answer = client.post(NEXT, body, format="json")
    assert answer.status_code == 200, answer.json()
    return answer.json()["assignments"]


def submit(client, assignment, **changes):
    body = {
        "lease_token": assignment["lease_token"],
        "client_key": str(uuid4()),
        "tiers": [[response["key"]] for response in assignment["responses"]],
        **changes,
    }
    return client.post(f"/api/assignments/{assignment['id']}/submit", body, format="json")


def test_next_submit_and_again(project, as_bob):
    fill_queue(project, 2)
    [assignment] = take(as_bob)
    key = str(uuid4())
    first = submit(as_bob, assignment, client_key=key, strengths=[2], active_seconds=3.5)
    again = submit(as_bob, assignment, client_key=key, strengths=[2], active_seconds=3.5)
    judgment = Judgment.objects.get().pk
    assert first.status_code == 201
    stored = {"judgment": judgment, "state": "accepted", "feedback": None}
    assert first.json() == {**stored, "replayed": False}
    assert again.status_code == 200
    assert again.json() == {**stored, "replayed": True}
    assert take(as_bob)[0]["id"] != assignment["id"]


def test_an_empty_queue_says_why(project, as_bob):
    answer = as_bob.post(NEXT, {}, format="json")
    assert answer.json() == {
        "assignments": [],
        "reason": "empty",
        "message": None,
        "guideline_version": None,
    }


def test_heartbeat_and_skip(project, as_bob):
    fill_queue(project, 1)
    [assignment] = take(as_bob)
    address = f"/api/assignments/{assignment['id']}"
    token = {"lease_token": assignment["lease_token"]}
    assert as_bob.post(f"{address}/heartbeat", token, format="json").json()["expires_at"] > NOON.isoformat()
    assert as_bob.post(f"{address}/skip", {**token, "reason": "too long"}, format="json").status_code == 204
    lost = as_bob.post(f"{address}/heartbeat", token, format="json")
    assert (lost.status_code, lost.json()["code"]) == (409, "lease_lost")
    assert as_bob.post(NEXT, {}, format="json").json()["reason"] == "no_more_for_you"


def test_my_work_counts_and_offers_the_last_judgment_for_undo(project, as_bob):
    fill_queue(project, 3)
    assert as_bob.get(WORK).json() == {"today": 0, "total": 0, "median_seconds": None, "last": None}
    for seconds in (2.0, 4.0, 9.0):
        [assignment] = take(as_bob)
        submit(as_bob, assignment, active_seconds=seconds, strengths=[3])
    work = as_bob.get(WORK).json()
    assert (work["today"], work["total"], work["median_seconds"]) == (3, 3, 4.0)
    last = work["last"]
    assert last["assignment"]["id"] == assignment["id"]
    assert last["assignment"]["responses"] == assignment["responses"]
    assert last["judgment"]["tiers"] == [[response["key"]] for response in assignment["responses"]]
    assert last["judgment"]["strengths"] == [3]
    undone = submit(as_bob, last["assignment"], tiers=last["judgment"]["tiers"][::-1])
    assert undone.json()["state"] == "corrected"
    after = as_bob.get(WORK).json()
    assert after["total"] == 3
    assert after["last"]["judgment"]["tiers"] == last["judgment"]["tiers"][::-1]


@pytest.mark.once
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"tiers": "ab"}, "tiers"),
        ({"tiers": None}, "tiers"),
        ({"tiers": [[1.5]]}, "tiers"),
        ({"verdict": "meh"}, "verdict"),
        ({"strengths": [4]}, "strengths"),
        ({"strengths": ["much"]}, "strengths"),
        ({"client_key": "mine"}, "client_key"),
        ({"lease_token": None}, "lease_token"),
        ({"active_seconds": -1}, "active_seconds"),
        ({"active_seconds": "nan"}, "active_seconds"),
        ({"active_seconds": 1e300}, "active_seconds"),
        ({"comment": "a\x00b"}, "comment"),
        ({"comment": "x" * 10_001}, "comment"),
        ({"reasons": "tone"}, "reasons"),
    ],
)
def test_a_malformed_judgment_is_refused_by_field(project, as_bob, changes, field):
    fill_queue(project, 1)
    [assignment] = take(as_bob)
    answer = submit(as_bob, assignment, **changes)
    assert answer.status_code == 400
    assert field in answer.json()["fields"]
    assert not Judgment.objects.exists()


@pytest.mark.parametrize("body", [{"count": 0}, {"count": 11}, {"count": "many"}, {"exclude": ["x"]}, [1]])
def test_a_malformed_request_for_work_is_refused(project, as_bob, body):
    assert as_bob.post(NEXT, body, format="json").status_code == 400


# --- who may ---------------------------------------------------------------------------


def test_nobody_reaches_anothers_assignment(project, as_bob, as_carol, as_charlie, as_operator, anonymous):
    fill_queue(project, 1)
    [assignment] = take(as_bob)
    for client, status in ((as_carol, 404), (as_charlie, 404), (as_operator, 404), (anonymous, 401)):
        assert submit(client, assignment).status_code == status
        for action in ("heartbeat", "skip"):
            address = f"/api/assignments/{assignment['id']}/{action}"
            body = {"lease_token": assignment["lease_token"]}
            assert client.post(address, body, format="json").status_code == status
    assert not Judgment.objects.exists()


def test_an_outsider_gets_no_work(project, as_charlie, anonymous):
    fill_queue(project, 1)
    assert as_charlie.post(NEXT, {}, format="json").status_code == 404
    assert as_charlie.get(WORK).status_code == 404
    assert anonymous.post(NEXT, {}, format="json").status_code == 401


def test_who_left_the_project_can_submit_no_more(project, bob, as_bob):
    fill_queue(project, 1)
    [assignment] = take(as_bob)
    Membership.objects.filter(user=bob).delete()
    assert submit(as_bob, assignment).status_code == 404


@pytest.mark.once
@pytest.mark.parametrize("address", ["prompts", "tasks", "export/judgments", "export/comparisons"])
@pytest.mark.parametrize(
    ("who", "status"),
    [("as_alice", 200), ("as_rita", 200), ("as_lena", 200), ("as_bob", 403), ("as_charlie", 404)],
)
def test_annotators_see_neither_the_queue_nor_the_labels(project, request, address, who, status):
    answer = request.getfixturevalue(who).get(f"/api/projects/support/{address}")
    assert answer.status_code == status


# --- what leads see --------------------------------------------------------------------


def test_tasks_are_listed_by_arm_and_state(project, bob, as_lena):
    fill_queue(project, 2, arm="random", word="One")
    fill_queue(project, 1, arm="evaluation", overlap=2, word="Two")
    judge(bob, next_of(bob, project)[0])
    everything = as_lena.get("/api/projects/support/tasks").json()["results"]
    assert [task["arm"] for task in everything] == ["evaluation", "random", "random"]
    assert [task["slots_done"] for task in everything] == [0, 0, 1]
    assert (everything[0]["slots_open"], everything[0]["num_responses"]) == (2, 2)
    assert "responses" not in everything[0]
    for query, num in (
        ("arm=random", 2),
        ("state=done", 1),
        ("state=open&arm=random", 1),
        ("state=leased", 0),
    ):
        assert len(as_lena.get(f"/api/projects/support/tasks?{query}").json()["results"]) == num, query
    assert as_lena.get("/api/projects/support/tasks?state=lost").status_code == 400
    oldest_first = as_lena.get("/api/projects/support/tasks?order=oldest").json()["results"]
    assert [task["id"] for task in oldest_first] == [task["id"] for task in everything[::-1]]


def test_prompts_are_listed_by_split_a_page_at_a_time(project, as_rita):
    fill_queue(project, 20)
    seen, cursor = [], None
    while True:
        query = "?page_size=7" + (f"&cursor={cursor}" if cursor else "")
        page = as_rita.get(f"/api/projects/support/prompts{query}").json()
        seen += page["results"]
        cursor = page["next"]
        if cursor is None:
            break
    assert len({prompt["id"] for prompt in seen}) == 20
    train = as_rita.get("/api/projects/support/prompts?split=train").json()["results"]
    assert {prompt["split"] for prompt in train} == {"train"}
    assert {prompt["num_tasks"] for prompt in seen} == {1}


# --- cost ------------------------------------------------------------------------------


def statements(captured) -> list[str]:
    boundaries = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    return [query["sql"] for query in captured if not query["sql"].startswith(boundaries)]


STATEMENTS_PER_PAIR = 12


def test_a_pair_by_token_takes_at_most_twelve_statements(project, bob):
    fill_queue(project, 5)
    _, secret = create_token(user=bob, name="script", now=NOON)
    client = APIClient(headers={"Authorization": f"Bearer {secret}"})
    submit(client, take(client)[0])
    with CaptureQueriesContext(connection) as captured:
        [assignment] = take(client)
        answer = submit(client, assignment, strengths=[2], active_seconds=3.5)
    assert answer.status_code == 201
    asked = statements(captured)
    assert len(asked) <= STATEMENTS_PER_PAIR, "\n".join(asked)
    # One transaction for each, and nothing but its two ends.
    assert len(captured) - len(asked) <= 4, "\n".join(query["sql"] for query in captured)


@pytest.mark.once
def test_the_cost_of_next_does_not_grow(project, bob, as_bob):
    fill_queue(project, 60, overlap=2)
    first = CaptureQueriesContext(connection)
    with first:
        take(as_bob, count=1)
    for one in next_of(bob, project, count=10):
        judge(bob, one)
    later = CaptureQueriesContext(connection)
    with later:
        take(as_bob, count=1)
    assert len(later) <= len(first)
    assert Slot.objects.filter(state="leased").count() == 1
