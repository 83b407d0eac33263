"""What the rows of each kind of snapshot say, and of whom."""

from __future__ import annotations

import random
from typing import Any

import pytest

from labeling.core.errors import DomainError
from labeling.models import Judgment, Response
from labeling.selectors.queue import assignment_of
from labeling.services import adjudication
from labeling.services.assignments import next_assignments
from labeling.services.steering import change_rules
from rlhf.models import Snapshot, SnapshotJudgment
from rlhf.selectors import snapshots as selectors
from rlhf.services.snapshots import freeze
from tests.labeling.factories import ask_for, fill_queue, judge, keys_of, next_of, reply
from tests.rlhf.factories import NOON, SOON, import_json_lines

pytestmark = pytest.mark.django_db

ALL_THREE = [
    {
        "prompt": "Which is best?",
        "responses": ["A", "B", "C"],
        "judgments": [
            {"worker": "w1", "ranking": [[2], [1, 3]], "strengths": [3]},
            {"worker": "w2", "ranking": [[1], [2], [3]]},
            {"worker": "w1", "verdict": "both_bad"},
            {"worker": "w3", "verdict": "cannot_judge"},
        ],
    }
]


def frozen(project, user, kind: str, now=SOON, **filters) -> Snapshot:
    return freeze(project=project, kind=kind, filters=filters, user=user, now=now)


def rows_of(snapshot: Snapshot) -> list[dict[str, Any]]:
    return [
        row
        for split in snapshot.num_rows
        for row in selectors.rows(snapshot=snapshot, split=split, offset=0, limit=10_000)
    ]


# --- rankings ----------------------------------------------------------------------------


def test_rankings_have_a_row_for_each_judgment(project, rita):
    import_json_lines(project, ALL_THREE)
    snapshot = frozen(project, rita, "rankings")
    rows = rows_of(snapshot)
    assert [(row["tiers"], row["strengths"], row["annotator"]) for row in rows] == [
        ([1, 0, 1], [3], "a1"),
        ([0, 1, 2], [], "a2"),
        ([0, 0, 0], [], "a1"),
    ]
    for row in rows:
        assert row["responses"] == [reply("A"), reply("B"), reply("C")]
        assert (row["finishes"], row["reliability"]) == (["", "", ""], None)
    linked = SnapshotJudgment.objects.filter(snapshot=snapshot).values_list("judgment_id", flat=True)
    assert sorted(linked) == sorted(row["judgment"] for row in rows)
    assert frozen(project, rita, "rankings") == snapshot


@pytest.mark.once
def test_tool_calls_survive_in_rankings(project, rita, tmp_path):
    from datasets import Dataset

    from rlhf import storage

    call = {"role": "assistant", "content": "", "tool_calls": [{"name": "look_up"}]}
    whole = [call, {"role": "tool", "content": "1"}, *reply("It is 1.")]
    said = [{"worker": "w", "ranking": [[1], [2]]}]
    import_json_lines(
        project, [{"prompt": "How many?", "responses": [{"messages": whole}, "Two."], "judgments": said}]
    )
    snapshot = frozen(project, rita, "rankings")
    [row] = rows_of(snapshot)
    assert row["responses"] == [whole, reply("Two.")]
    [file] = snapshot.files
    local = tmp_path / file["name"]
    local.write_bytes(b"".join(storage.read_chunks(f"{snapshot.path}/{file['name']}")))
    [read] = Dataset.from_parquet(str(local), cache_dir=str(tmp_path / "cache"))
    assert read["responses"][0][0]["tool_calls"] == [{"name": "look_up"}]


def test_a_reward_run_reads_rankings_but_not_mere_ties(labeled, rita, launch):
    snapshot = frozen(labeled, rita, "rankings")
    assert launch("reward", snapshot=snapshot.pk).inputs["snapshot"] == snapshot.pk
    with pytest.raises(DomainError, match="a dpo run needs preferences"):
        launch("dpo", snapshot=snapshot.pk)
    Judgment.objects.all().update(superseded_at=NOON)
    tied = [{"worker": "w", "ranking": [[1, 2]]}]
    rows = [{"prompt": f"Same {n}?", "responses": ["A", "B"], "judgments": tied} for n in range(20)]
    import_json_lines(labeled, rows)
    ties = frozen(labeled, rita, "rankings")
    with pytest.raises(DomainError, match="is a tie"):
        launch("reward", snapshot=ties.pk)


# --- unpaired ----------------------------------------------------------------------------


def test_unpaired_rows_are_what_was_called_good_or_bad_outright(project, rita):
    both_good = [{"worker": "w2", "verdict": "both_good"}]
    import_json_lines(
        project,
        [
            *ALL_THREE,
            {"prompt": "Both?", "responses": ["D", "E"], "judgments": both_good},
        ],
    )
    alone = {"prompt": "Alone?", "completion": "F", "label": False}
    import_json_lines(project, [alone])
    found = sorted(
        (row["completion"][0]["content"], row["label"]) for row in rows_of(frozen(project, rita, "unpaired"))
    )
    assert found == [("A", False), ("B", False), ("C", False), ("D", True), ("E", True), ("F", False)]


@pytest.mark.once
def test_rankings_alone_call_nothing_good(labeled, rita):
    with pytest.raises(DomainError, match="good or bad outright"):
        frozen(labeled, rita, "unpaired")


# --- whose word counts, and how much --------------------------------------------------------


@pytest.mark.parametrize("kind", ["preferences", "rankings"])
def test_a_decision_stands_for_what_annotators_said(project, bob, carol, lena, rita, kind):
    fill_queue(project, 2, overlap=2)
    for person in (bob, carol):
        for held in next_of(person, project, count=2):
            judge(person, held)
    task = Judgment.objects.earliest("pk").task
    assert len(rows_of(frozen(project, rita, kind))) == 4
    made, _ = adjudication.ask(project=project, task=task, reason="They part.", actor=lena, now=NOON)
    opened = adjudication.open_adjudication(user=lena, project=project, adjudication_id=made.pk, now=NOON)
    decided = judge(lena, assignment_of(user=lena, assignment_id=opened.assignment.id))
    rows = rows_of(frozen(project, rita, kind))
    others = Judgment.objects.exclude(task=task).values_list("pk", flat=True)
    assert sorted(row["judgment"] for row in rows) == sorted(others)
    assert decided.judgment_id in others


def test_a_hidden_repeat_does_not_count_twice(project, bob, lena, rita):
    fill_queue(project, 12)
    change_rules(actor=lena, project=project, changes={"repeat_every": 2, "repeat_after": 1})
    project.refresh_from_db()
    while offers := next_assignments(user=bob, project=project, count=1, now=NOON).assignments:
        judge(bob, assignment_of(user=bob, assignment_id=offers[0].id))
    judged = Judgment.objects.values_list("task__arm", flat=True)
    assert list(judged).count("repeat") >= 2
    for kind in ("preferences", "rankings"):
        assert len(rows_of(frozen(project, rita, kind))) == 12
    with pytest.raises(DomainError, match="count twice"):
        frozen(project, rita, "preferences", arms=["random", "repeat"])


def crowd(num_tasks: int, skills: dict[str, float]) -> list[dict[str, Any]]:
    """The first response is better; each worker says so with their own probability."""
    rng = random.Random(7)
    return [
        {
            "prompt": f"Question {n}?",
            "responses": [f"Good {n}", f"Bad {n}"],
            "judgments": [
                {"worker": worker, "ranking": [[1], [2]] if rng.random() < skill else [[2], [1]]}
                for worker, skill in skills.items()
            ],
        }
        for n in range(num_tasks)
    ]


def test_rows_say_how_far_their_annotator_can_be_trusted(project, rita):
    skills = {"careful": 1.0, "good": 0.9, "fair": 0.85, "careless": 0.6}
    import_json_lines(project, crowd(80, skills))
    import_json_lines(project, [{"prompt": "Once?", "chosen": "A", "rejected": "B", "worker": "new"}])
    first = frozen(project, rita, "preferences")
    found: dict[str, set[float | None]] = {}
    for row in rows_of(first):
        found.setdefault(_worker(row), set()).add(row["reliability"])
    assert all(len(values) == 1 for values in found.values())
    told = {worker: values.pop() for worker, values in found.items()}
    assert told.pop("new") is None
    assert all(0 < value <= 1 for value in told.values())
    assert told["careful"] > told["good"] > told["careless"]
    assert told["careful"] == pytest.approx(1.0, abs=0.08)
    assert told["careless"] == pytest.approx(0.6, abs=0.15)
    assert frozen(project, rita, "preferences") == first
    assert {row["reliability"] for row in rows_of(frozen(project, rita, "rankings"))} >= set(told.values())


def _worker(row: dict[str, Any]) -> str:
    return Judgment.objects.select_related("annotator").get(pk=row["judgment"]).annotator.external_id


@pytest.mark.once
def test_the_figures_page_does_not_change_what_the_same_labels_give(project, rita):
    from labeling.services.quality_figures import compute

    import_json_lines(project, crowd(30, {"a": 0.9, "b": 0.8, "c": 0.7}))
    first = frozen(project, rita, "preferences")
    compute(project=project, now=SOON)
    assert frozen(project, rita, "preferences") == first


def test_annotators_are_pseudonyms_of_the_snapshot(project, bob, carol, rita):
    fill_queue(project, 6, overlap=2)
    for person in (carol, bob):
        for held in next_of(person, project, count=6):
            judge(person, held)
    rows = rows_of(frozen(project, rita, "preferences"))
    ids = {row["annotator"]: Judgment.objects.get(pk=row["judgment"]).annotator_id for row in rows}
    assert sorted(ids) == ["a1", "a2"]
    assert len(set(ids.values())) == 2


def test_a_reply_that_was_cut_off_is_known_as_such(project, bob, rita):
    ask_for(project, edit="optional")
    fill_queue(project, 1, num_responses=3)
    [held] = next_of(bob, project)
    first, _, third = (place["response"] for place in held.presented)
    Response.objects.filter(pk=first).update(finish="stop")
    Response.objects.filter(pk=third).update(finish="length")
    judge(bob, held, tiers=[[key] for key in keys_of(held)])
    rows = rows_of(frozen(project, rita, "preferences"))
    assert {(row["chosen_finish"], row["rejected_finish"]) for row in rows} == {
        ("stop", ""),
        ("stop", "length"),
        ("", "length"),
    }
    [row] = rows_of(frozen(project, rita, "rankings"))
    assert sorted(zip(row["tiers"], row["finishes"], strict=True)) == [(0, "stop"), (1, ""), (2, "length")]


@pytest.mark.parametrize("kind", ["rankings", "unpaired"])
def test_rita_freezes_it_over_http(project, as_rita, kind):
    import_json_lines(project, ALL_THREE)
    made = as_rita.post("/api/projects/support/snapshots", {"kind": kind}, format="json")
    assert (made.status_code, made.json()["kind"]) == (201, kind)
    assert made.json()["filters"]["arms"] == ["active", "adjudication", "gold", "random"]
    [split] = [name for name, num in made.json()["num_rows"].items() if num]
    rows = as_rita.get(f"/api/snapshots/{made.json()['id']}/rows?split={split}").json()["rows"]
    assert rows[0]["prompt"][0]["content"] == "Which is best?"
