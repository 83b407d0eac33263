"""Reading labels back: rows, counts and outcomes."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from labeling.models import Generator, Prompt, Response
from labeling.selectors import counts, evaluation, labels, pages, prompts
from labeling.services.imports import import_rows
from labeling.services.queue import close_batch
from tests.labeling.factories import (
    NOON,
    TONE,
    ask_for,
    fill_queue,
    judge,
    keys_of,
    make_generators,
    make_prompts,
    next_of,
)
from tests.labeling.test_imports import HH, lines

LATER = NOON + timedelta(hours=1)


def judge_all(user, project, **said) -> None:
    while held := next_of(user, project, count=10):
        for one in held:
            judge(user, one, **said)


def exported(client, name: str) -> list[dict]:
    answer = client.get(f"/api/projects/support/export/{name}", headers={"Accept": "application/x-ndjson"})
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    return [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]


# --- comparisons -----------------------------------------------------------------------


def test_comparisons_carry_texts_and_provenance(project, bob):
    fill_queue(project, 1)
    [held] = next_of(bob, project)
    judge(bob, held, strengths=[2])
    [row] = labels.comparisons(project_id=project.pk)
    winner, loser = (place["response"] for place in held.presented)
    assert (row.winner_id, row.loser_id, row.is_tie, row.strength) == (winner, loser, False, 2)
    assert row.winner_messages == Response.objects.get(pk=winner).messages
    assert (row.prompt_messages, row.arm, row.created_at) == (held.task.prompt.messages, "random", NOON)
    assert row.split == held.task.prompt.split


def test_comparisons_are_filtered_and_come_in_one_order(project, bob):
    fill_queue(project, 30, arm="random")
    fill_queue(project, 5, arm="evaluation", word="Evaluate")
    judge_all(bob, project)
    everything = list(labels.comparisons(project_id=project.pk))
    assert len(everything) == 35
    assert everything == list(labels.comparisons(project_id=project.pk))
    order = [(row.judgment_id, row.winner_id, row.loser_id) for row in everything]
    assert order == sorted(order)
    assert len(list(labels.comparisons(project_id=project.pk, arms=["evaluation"]))) == 5
    by_split = {
        split: len(list(labels.comparisons(project_id=project.pk, splits=[split])))
        for split in ("train", "validation", "test")
    }
    assert sum(by_split.values()) == 35
    assert len(list(labels.comparisons(project_id=project.pk, until=NOON - timedelta(seconds=1)))) == 0


def test_superseded_judgments_are_gone_from_rows_and_counts(project, bob):
    fill_queue(project, 1)
    [held] = next_of(bob, project)
    judge(bob, held)
    judge(bob, held, tiers=[[key] for key in reversed(keys_of(held))], now=LATER)
    [row] = labels.comparisons(project_id=project.pk)
    assert row.winner_id == held.presented[1]["response"]
    assert labels.num_judgments(project_id=project.pk) == 1
    assert counts.counts(project_id=project.pk)["judgments"] == 1


def test_num_judgments_leaves_out_what_says_nothing(project, bob):
    fill_queue(project, 3)
    first, second, third = next_of(bob, project, count=3)
    judge(bob, first, now=NOON)
    judge(bob, second, now=LATER)
    judge(bob, third, now=LATER, tiers=[], verdict="cannot_judge")
    assert labels.num_judgments(project_id=project.pk) == 2
    assert labels.num_judgments(project_id=project.pk, since=LATER) == 1
    assert labels.num_judgments(project_id=project.pk, arms=["gold"]) == 0
    splits = {first.task.prompt.split, second.task.prompt.split}
    assert labels.num_judgments(project_id=project.pk, splits=list(splits)) == 2


def test_demonstrations_are_what_people_wrote_or_edited(project):
    [prompt_id] = make_prompts(project, 1)
    [model] = make_generators(project, 1)
    person = Generator.objects.create(project=project, kind="person", name="people", digest="x")
    by_model, by_person = (
        Response.objects.create(prompt_id=prompt_id, generator=generator, messages=[], hash=generator.name)
        for generator in (model, person)
    )
    edited = Response.objects.create(
        prompt_id=prompt_id, generator=model, messages=[], hash="edited", edited_from=by_model
    )
    found = [row.response_id for row in labels.demonstrations(project_id=project.pk)]
    assert found == [by_person.pk, edited.pk]


# --- queue numbers ---------------------------------------------------------------------


def test_counts_follow_the_slots(project, bob, carol):
    fill_queue(project, 3, overlap=2, arm="random")
    fill_queue(project, 1, arm="evaluation", word="Evaluate")
    first, _ = next_of(bob, project, count=2)
    judge(bob, first)
    now = counts.counts(project_id=project.pk, now=NOON)
    assert now == {
        "tasks": 4,
        "slots_open": 5,
        "slots_leased": 1,
        "slots_done": 1,
        "judgments": 1,
        "annotators": 1,
        "held": 0,
        "by_arm": {
            "random": {"open": 4, "leased": 1, "done": 1},
            "evaluation": {"open": 1, "leased": 0, "done": 0},
        },
    }
    later = counts.counts(project_id=project.pk, now=LATER)
    assert (later["slots_open"], later["slots_leased"]) == (6, 0)
    assert labels.open_slots(project_id=project.pk, arms=["random"]) == 4
    assert labels.open_slots(project_id=project.pk, arms=["random"], now=LATER) == 5


def test_withdrawn_slots_and_imported_tasks_are_not_asked_for(project):
    batch = fill_queue(project, 3).batch
    import_rows(project=project, stream=lines(HH), now=NOON)
    close_batch(batch_id=batch.pk, now=NOON)
    now = counts.counts(project_id=project.pk)
    assert (now["tasks"], now["slots_open"], now["judgments"], now["by_arm"]) == (3, 0, 1, {})
    assert labels.open_slots(project_id=project.pk) == 0


def test_batch_progress(project, bob):
    batch = fill_queue(project, 3).batch
    fill_queue(project, 2, word="Other")
    first, _ = next_of(bob, project, count=2)
    judge(bob, first)
    progress = counts.batch_progress(batch_id=batch.pk, now=NOON)
    assert progress == {"open": 1, "leased": 1, "done": 1, "judgments": 1}


def test_outcomes_count_who_beat_whom(project, bob):
    batch = fill_queue(project, 6, arm="evaluation").batch
    candidate, baseline = make_generators(project, 2)
    authors = dict(Response.objects.values_list("pk", "generator_id"))
    held = next_of(bob, project, count=6)
    for number, one in enumerate(held):
        keys = {authors[place["response"]]: place["key"] for place in one.presented}
        better, worse = keys[candidate.pk], keys[baseline.pk]
        tiers = (
            [[better, worse]] if number == 0 else [[better], [worse]] if number < 4 else [[worse], [better]]
        )
        judge(bob, one, tiers=tiers)
    found = evaluation.outcomes(batch_id=batch.pk)
    ties = sum(n for (_, _, is_tie), n in found.items() if is_tie)
    assert isinstance(found, Counter)
    assert ties == 1
    assert found[candidate.pk, baseline.pk, False] == 3
    assert found[baseline.pk, candidate.pk, False] == 2


# --- prompts to sample from ------------------------------------------------------------


def test_prompts_least_used_come_first_and_the_seed_decides(project):
    make_prompts(project, 40)
    fill_queue(project, 10)  # the first ten of the same prompts
    train = Prompt.objects.filter(split="train")
    picked = prompts.pick_prompts(project_id=project.pk, splits=["train"], limit=100, seed=1)
    assert {row.id for row in picked} == set(train.values_list("pk", flat=True))
    used = set(train.filter(tasks__isnull=False).values_list("pk", flat=True))
    assert {row.id for row in picked[-len(used) :]} == used
    again = prompts.pick_prompts(project_id=project.pk, splits=["train"], limit=5, seed=1)
    assert again == picked[:5]
    other = prompts.pick_prompts(project_id=project.pk, splits=["train"], limit=100, seed=2)
    assert [row.id for row in other] != [row.id for row in picked]


def test_prompts_by_split(project):
    make_prompts(project, 30)
    rows = list(prompts.prompts_by_split(project_id=project.pk, splits=["train", "test"]))
    assert {row.split for row in rows} <= {"train", "test"}
    assert [row.id for row in rows] == sorted(row.id for row in rows)
    assert len(list(prompts.prompts_by_split(project_id=project.pk, limit=7))) == 7


# --- exports ---------------------------------------------------------------------------


def test_comparisons_are_exported_with_an_explicit_prompt(project, bob, as_rita):
    fill_queue(project, 2, num_responses=3)
    judge_all(bob, project, strengths=[1, 2])
    rows = exported(as_rita, "comparisons")
    assert len(rows) == 6
    for row in rows:
        assert row["prompt"][-1]["role"] == "user"
        assert row["chosen"][0]["role"] == row["rejected"][0]["role"] == "assistant"
        assert row["tie"] is False
    assert sorted({row["strength"] for row in rows}) == [1, 2, 3]


def test_judgments_are_exported_whole(project, bob, as_rita):
    ask_for(project, reasons=TONE)
    fill_queue(project, 1, num_responses=3)
    [held] = next_of(bob, project)
    keys = keys_of(held)
    judge(bob, held, tiers=[keys[:2], keys[2:]], comment="Both fine.", reasons=["tone"], active_seconds=4.0)
    [row] = exported(as_rita, "judgments")
    ids = [place["response"] for place in held.presented]
    assert row["tiers"] == [ids[:2], ids[2:]]
    assert row["presentation"]["order"] == ids
    assert {one["generator"] for one in row["responses"]} == {"policy-0", "policy-1", "policy-2"}
    assert (row["comment"], row["reasons"], row["active_seconds"]) == ("Both fine.", ["tone"], 4.0)


def test_judgments_are_read_a_page_at_a_time(project, bob, as_rita, monkeypatch):
    monkeypatch.setattr(pages, "PAGE", 4)
    fill_queue(project, 10)
    judge_all(bob, project)
    assert len(exported(as_rita, "judgments")) == 10


def test_an_imported_preference_round_trips(project, as_rita):
    import_rows(project=project, stream=lines(HH), now=NOON)
    [row] = exported(as_rita, "comparisons")
    assert row["chosen"] == [{"role": "assistant", "content": "Gladly."}]
    again = {"prompt": row["prompt"], "chosen": row["chosen"], "rejected": row["rejected"]}
    assert import_rows(project=project, stream=lines(again), now=NOON).judgments_created == 0


def test_line_separators_survive_an_export(project, as_rita):
    import_rows(project=project, stream=lines({**HH, "chosen": HH["chosen"] + "\u2028more"}), now=NOON)
    answer = as_rita.get("/api/projects/support/export/comparisons")
    body = b"".join(answer.streaming_content)
    assert body.count(b"\n") == 1
    assert json.loads(body)["chosen"][0]["content"] == "Gladly.\u2028more"


@pytest.mark.once
@pytest.mark.parametrize("num_tasks", [3, 30])
def test_an_export_reads_in_a_fixed_number_of_queries(project, bob, num_tasks):
    fill_queue(project, num_tasks)
    judge_all(bob, project)
    with CaptureQueriesContext(connection) as captured:
        assert len(list(labels.comparisons(project_id=project.pk))) == num_tasks
    # A page: its judgments, prompts, places and responses; and the page behind it, which is empty.
    assert len(captured) == 5
