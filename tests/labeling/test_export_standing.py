"""Exports tell the judgments that count, as they stood when the export began."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from labeling.models import Comparison, Judgment, Project, Response
from labeling.selectors import labels, pages
from labeling.selectors.exports import Filters
from labeling.services.export_kinds import KINDS
from labeling.services.exports import export
from labeling.services.imports import import_rows
from labeling.services.reviews import review
from labeling.services.undo import undo
from labeling.services.written import Edit, Words
from tests.labeling.factories import NOON, ask_for, fill_queue, judge, keys_of, next_of, reply
from tests.labeling.test_imports import lines

SOON, LATER = NOON + timedelta(minutes=1), NOON + timedelta(hours=1)


def rows_of(project: Project, kind: str, **options: Any) -> list[dict[str, Any]]:
    made = export(project=project, kind=kind, now=options.pop("now", LATER), **options)
    return [json.loads(line) for line in b"".join(made.chunks).splitlines()]


@pytest.fixture
def edited(project, bob):
    """Bob ranked three responses and edited the one he put first."""
    ask_for(project, edit="optional", undo_seconds=3600)
    fill_queue(project, 1, num_responses=3)
    [held] = next_of(bob, project)
    judgment_id = judge(bob, held, strengths=[2, 1], edit=Edit(text="Better still.")).judgment_id
    return held, judgment_id


def texts(row: dict[str, Any]) -> tuple[str, str]:
    return row["chosen"][-1]["content"], row["rejected"][-1]["content"]


def test_the_edit_beats_the_winner_and_the_winner_beats_the_rest(project, edited):
    held, _ = edited
    shown = [Response.objects.get(pk=place["response"]).messages[0]["content"] for place in held.presented]
    for kind in ("comparisons", "preferences"):
        told = {texts(row): (row["strength"], row["from_edit"]) for row in rows_of(project, kind)}
        assert told == {
            **{("Better still.", one): (None, True) for one in shown},
            (shown[0], shown[1]): (2, False),
            (shown[0], shown[2]): (3, False),
            (shown[1], shown[2]): (1, False),
        }
    [whole] = rows_of(project, "judgments")
    assert whole["written"]["messages"] == reply("Better still.")
    assert whole["written"]["edited_from"] == held.presented[0]["response"]


def test_what_is_derived_for_an_export_is_what_was_stored(project, edited, bob):
    ask_for(project, edit="optional")
    fill_queue(project, 3, num_responses=4, word="More")
    first, second, third = next_of(bob, project, count=3)
    keys = keys_of(first)
    judge(bob, first, tiers=[[keys[1], keys[0]], [keys[3]], [keys[2]]], strengths=[1, 3])
    judge(bob, second, tiers=[], verdict="both_bad")
    judge(bob, third, tiers=[], verdict="cannot_judge")
    fields = ("judgment_id", "winner_id", "loser_id", "is_tie", "strength", "from_edit")
    stored = set(Comparison.objects.values_list(*fields))
    told = {tuple(getattr(row, name) for name in fields) for row in labels.comparisons(project_id=project.pk)}
    assert told == stored
    assert len(told) == 6 + 6 + 6


@pytest.mark.parametrize("happens", ["corrected", "undone", "returned"])
def test_what_happens_during_an_export_does_not_change_it(project, edited, bob, lena, happens):
    held, judgment_id = edited
    before = rows_of(project, "comparisons", now=SOON)
    made = export(project=project, kind="comparisons", now=SOON)
    written = export(project=project, kind="demonstrations", now=SOON)
    if happens == "corrected":
        judge(bob, held, tiers=[[key] for key in reversed(keys_of(held))], now=LATER)
    elif happens == "undone":
        undo(user=bob, assignment=held, judgment_id=judgment_id, reason="", now=LATER)
    else:
        say(project, lena, judgment_id, "returned", now=LATER)
    assert not Comparison.objects.filter(judgment=judgment_id).exists()
    assert [json.loads(line) for line in b"".join(made.chunks).splitlines()] == before
    assert len(before) == 6
    assert b"Better still." in b"".join(written.chunks)


def say(project: Project, lead: Any, judgment_id: int, decision: str, *, now: Any = SOON) -> None:
    review(
        actor=lead,
        project=project,
        judgment_id=judgment_id,
        decision=decision,
        now=now,
        comment="Look again.",
    )


def test_what_was_withdrawn_is_no_demonstration(project, edited, bob):
    held, judgment_id = edited
    assert [row["completion"] for row in rows_of(project, "demonstrations")] == [reply("Better still.")]
    undo(user=bob, assignment=held, judgment_id=judgment_id, reason="", now=SOON)
    assert all(rows_of(project, kind) == [] for kind in KINDS if kind != "prompts")


def test_what_was_corrected_is_no_demonstration(project, edited, bob):
    held, _ = edited
    judge(bob, held, edit=Edit(text="Best."), now=SOON)
    [row] = rows_of(project, "demonstrations")
    assert row["completion"] == reply("Best.")
    assert row["judgment"] == Judgment.objects.get(superseded_at=None).pk


@pytest.mark.once
def test_what_a_reviewer_sent_back_is_not_told_until_it_is_accepted(project, edited, lena):
    _, judgment_id = edited
    kinds = [kind for kind in KINDS if kind not in ("prompts", "unpaired")]
    before = {kind: rows_of(project, kind) for kind in kinds}
    assert all(before.values())
    say(project, lena, judgment_id, "returned")
    assert all(rows_of(project, kind) == [] for kind in KINDS if kind != "prompts")
    say(project, lena, judgment_id, "accepted")
    assert {kind: rows_of(project, kind) for kind in kinds} == before


@pytest.mark.once
def test_what_measures_is_not_exported_for_training_unless_it_is_asked_for(project, bob):
    ask_for(project, edit="optional")
    for arm in ("random", "evaluation", "repeat"):
        fill_queue(project, 1, arm=arm, word=arm)
    while held := next_of(bob, project):
        judge(bob, held[0], edit=Edit(text=f"Edit of {held[0].task_id}"))
    for name, kind in KINDS.items():
        if name == "prompts":
            continue
        every, asked = rows_of(project, name), rows_of(project, name, filters=Filters(arms=["repeat"]))
        assert asked, name
        assert len(every) == len(asked) * (1 if kind.trains else 3), name


def test_demonstrations_follow_the_filters_of_their_judgments(project, edited):
    import_rows(
        project=project, stream=lines({"prompt": "Write.", "demonstrations": ["Dear all,"]}), now=NOON
    )
    writer = Judgment.objects.get().annotator_id
    assert len(rows_of(project, "demonstrations")) == 2
    [by_bob] = rows_of(project, "demonstrations", filters=Filters(annotators=[writer]))
    assert (by_bob["annotator"], by_bob["completion"]) == (writer, reply("Better still."))
    assert rows_of(project, "demonstrations", filters=Filters(adjudicated=True)) == []


def test_what_was_written_comes_back_as_a_demonstration(project, bob):
    ask_for(project, demonstrations={"on": True, "min_length": 1})
    asked = {"prompt": "Write to us.", "kind": "demonstrate"}
    import_rows(project=project, stream=lines(asked), now=NOON)
    [held] = next_of(bob, project)
    judge(bob, held, tiers=[], demonstration=Words(text="Dear you,"))
    found = rows_of(project, "judgments")
    other = Project.objects.create(slug="other", name="Other")
    assert import_rows(project=other, stream=lines(*found), now=NOON).num_errors == 0
    [row] = rows_of(other, "demonstrations")
    assert (row["prompt"][0]["content"], row["completion"]) == ("Write to us.", reply("Dear you,"))
    assert rows_of(project, "argilla") == rows_of(project, "label-studio") == []


def test_a_page_costs_the_same_whatever_it_holds(project, bob, monkeypatch, django_assert_num_queries):
    fill_queue(project, 12)
    while held := next_of(bob, project, count=10):
        for one in held:
            judge(bob, one)
    for size, num_pages in ((12, 1), (6, 2), (3, 4)):
        monkeypatch.setattr(pages, "PAGE", size)
        with django_assert_num_queries(4 * num_pages + 1):
            assert len(list(labels.judgments(project_id=project.pk))) == 12
