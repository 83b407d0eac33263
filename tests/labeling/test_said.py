"""Criteria, reasons, comments, spans and edits: what may be said, what is stored, what follows."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labeling.core.errors import DomainError
from labeling.models import Assignment, Comparison, Judgment, Response, Slot
from labeling.pairs import pairs_of
from labeling.selectors import labels
from labeling.services.said import Said, check_said
from labeling.services.spans import Span
from labeling.services.written import Edit
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
    reply,
)

SCALE = {"key": "helpful", "label": "Helpful", "low": 0, "high": 4}
WIT = {"key": "wit", "label": "Wit", "low": -2, "high": 2, "required": False}
WRONG = {"key": "wrong", "label": "Wrong"}


def hold(user, project, *, num_responses: int = 2, **protocol) -> Assignment:
    if protocol:
        ask_for(project, **protocol)
    fill_queue(project, 1, num_responses=num_responses)
    return next_of(user, project)[0]


def ids_of(assignment: Assignment) -> list[int]:
    return [place["response"] for place in assignment.presented]


def refused(user, held, field: str, **said) -> str:
    with pytest.raises(DomainError) as caught:
        judge(user, held, **said)
    assert list(caught.value.fields) == [field], caught.value.message
    assert not Judgment.objects.exists()
    assert not Response.objects.filter(generator__kind="person").exists()
    assert Slot.objects.get(pk=held.slot_id).state == "leased"
    return caught.value.message


# --- criteria --------------------------------------------------------------------------


def test_scores_are_stored_by_criterion_and_response(project, bob):
    held = hold(bob, project, criteria=[SCALE, WIT])
    first, second = keys_of(held)
    scores = {first: {"helpful": 4, "wit": -2}, second: {"helpful": 0}}
    judgment = Judgment.objects.get(pk=judge(bob, held, criteria=scores).judgment_id)
    one, two = ids_of(held)
    assert judgment.criteria == {"helpful": {str(one): 4, str(two): 0}, "wit": {str(one): -2}}


def test_criteria_stay_on_their_scales_and_responses(project, bob):
    held = hold(bob, project, criteria=[SCALE, WIT])
    first, second = keys_of(held)
    full = {first: {"helpful": 1}, second: {"helpful": 2}}
    assert "missing" in refused(bob, held, "criteria", criteria={first: {"helpful": 1}})
    assert "from 0 to 4" in refused(bob, held, "criteria", criteria={**full, second: {"helpful": 5}})
    assert "choose from helpful, wit" in refused(bob, held, "criteria", criteria={**full, first: {"x": 1}})
    assert "Not shown" in refused(bob, held, "criteria", criteria={**full, "mine": {"helpful": 1}})
    judge(bob, held, tiers=[], verdict="cannot_judge")


def test_nobody_scores_what_was_not_asked(project, bob):
    held = hold(bob, project)
    assert "no criteria" in refused(bob, held, "criteria", criteria={keys_of(held)[0]: {"helpful": 1}})


# --- reasons and comments --------------------------------------------------------------


def test_reasons_come_from_the_list_and_in_number(project, bob):
    held = hold(bob, project, reasons={**TONE, "required": True, "max": 1})
    assert "1 to 1" in refused(bob, held, "reasons")
    assert "1 to 1" in refused(bob, held, "reasons", reasons=["tone", "facts"])
    assert "choose from tone, facts" in refused(bob, held, "reasons", reasons=["mood"])
    assert judge(bob, held, reasons=["facts"]).state == "accepted"


def test_reasons_nobody_asked_for_are_refused(project, bob):
    assert "does not ask" in refused(bob, hold(bob, project), "reasons", reasons=["tone"])


def test_a_reason_counts_once(project, bob):
    held = hold(bob, project, reasons=TONE)
    assert "twice" in refused(bob, held, "reasons", reasons=["tone", "tone"])
    assert judge(bob, held).state == "accepted"


def test_a_comment_may_be_owed(project, bob):
    held = hold(bob, project, comment={"ask": "required", "min_length": 5})
    assert "at least 5" in refused(bob, held, "comment")
    assert "at least 5" in refused(bob, held, "comment", comment="ok   ")
    assert judge(bob, held, comment="It helps.").state == "accepted"


def test_who_cannot_judge_owes_no_comment(project, bob):
    owed = {"comment": {"ask": "required"}, "reasons": {**TONE, "required": True}, "edit": "required"}
    held = hold(bob, project, **owed)
    assert judge(bob, held, tiers=[], verdict="cannot_judge", reasons=["facts"]).state == "accepted"
    assert Judgment.objects.get().reasons == ["facts"]


def test_a_comment_may_be_unwanted(project, bob):
    held = hold(bob, project, comment={"ask": "off"})
    assert "leave it empty" in refused(bob, held, "comment", comment="Hm.")


def test_a_project_may_insist_on_a_judgment(project, bob):
    held = hold(bob, project, cannot_judge=False)
    assert "cannot_judge" in refused(bob, held, "verdict", tiers=[], verdict="cannot_judge")


@pytest.mark.parametrize("verdict", ["both_good", "both_bad"])
def test_all_good_and_all_bad_of_five_are_told_apart(project, bob, verdict):
    held = hold(bob, project, num_responses=5)
    judge(bob, held, tiers=[], verdict=verdict)
    [row] = labels.judgments(project_id=project.pk)
    assert (row.verdict, sorted(row.tiers[0])) == (verdict, sorted(ids_of(held)))
    assert Comparison.objects.filter(is_tie=True).count() == 10


# --- spans -----------------------------------------------------------------------------


def queue_texts(project, *texts: str) -> None:
    from labeling.services.queue import ResponseDraft, TaskDraft, queue_tasks

    drafts = [
        ResponseDraft(generator, reply(text))
        for generator, text in zip(make_generators(project, len(texts)), texts, strict=True)
    ]
    [prompt_id] = make_prompts(project, 1)
    items = [TaskDraft(prompt_id, drafts, "random", 1)]
    queue_tasks(project=project, reference="t", name="t", items=items, now=NOON)


def test_spans_count_code_points_of_the_shown_text(project, bob):
    ask_for(project, spans=[WRONG])
    queue_texts(project, "👩🏽‍🚀 naïve", "plain")
    [held] = next_of(bob, project)
    texts = dict(Response.objects.values_list("pk", "messages"))
    [key] = [p["key"] for p in held.presented if "naïve" in texts[p["response"]][0]["content"]]
    text = "👩🏽‍🚀 naïve"
    span = Span(response=key, start=text.index("n"), end=len(text), label="wrong", note="Too kind.")
    judge(bob, held, spans=[span])
    [stored] = Judgment.objects.get().spans
    assert text[stored["start"] : stored["end"]] == "naïve"
    assert texts[stored["response"]][0]["content"] == text
    assert (stored["label"], stored["note"], stored["message"]) == ("wrong", "Too kind.", 0)


@pytest.mark.once
@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"end": 10_000}, "code points"),
        ({"start": 3, "end": 3}, "code points"),
        ({"start": 5, "end": 2}, "code points"),
        ({"start": -1}, "code points"),
        ({"label": "funny"}, "choose from wrong"),
        ({"response": "mine"}, "no response"),
        ({"message": 1}, "not shown"),
    ],
)
def test_a_span_lies_in_what_was_shown(project, bob, changes, word):
    held = hold(bob, project, spans=[WRONG])
    span = {"response": keys_of(held)[0], "start": 0, "end": 4, "label": "wrong", **changes}
    assert word in refused(bob, held, "spans", spans=[Span(**span)])


def test_spans_nobody_asked_for_are_refused(project, bob):
    held = hold(bob, project)
    span = Span(response=keys_of(held)[0], start=0, end=1, label="wrong")
    assert "does not ask" in refused(bob, held, "spans", spans=[span])


# --- the winner, edited ----------------------------------------------------------------


def test_an_edit_beats_the_winner_and_everything_below(project, bob):
    held = hold(bob, project, num_responses=3, edit="optional")
    first, second, third = keys_of(held)
    judge(
        bob,
        held,
        tiers=[[second], [first, third]],
        strengths=[2],
        edit=Edit(text="  As it should be.\n"),
    )
    judgment = Judgment.objects.get()
    one, two, three = ids_of(held)
    written = judgment.written_response
    assert written.messages == reply("  As it should be.\n")
    assert (written.edited_from_id, written.generator.kind) == (two, "person")
    pairs = {
        (row.winner_id, row.loser_id): (row.is_tie, row.strength, row.from_edit)
        for row in Comparison.objects.all()
    }
    assert pairs == {
        (written.pk, one): (False, None, True),
        (written.pk, two): (False, None, True),
        (written.pk, three): (False, None, True),
        (two, one): (False, 2, False),
        (two, three): (False, 2, False),
        (min(one, three), max(one, three)): (True, 0, False),
    }
    [shown] = labels.demonstrations(project_id=project.pk)
    assert (shown.response_id, shown.edited_from, shown.judgment_id) == (written.pk, two, judgment.pk)
    assert (shown.split, shown.messages) == (held.task.prompt.split, written.messages)
    assert [row.from_edit for row in labels.comparisons(project_id=project.pk)].count(True) == 3


def test_an_edit_keeps_earlier_turns_and_drops_the_models_reasoning(project, bob):
    from labeling.services.queue import ResponseDraft, TaskDraft, queue_tasks

    ask_for(project, edit="optional")
    turns = [
        {"role": "assistant", "content": "", "tool_calls": [{"name": "track"}], "reasoning": "Look."},
        {"role": "tool", "content": "In Bonn."},
        {"role": "assistant", "content": "Its in Bonn.", "reasoning": "So."},
    ]
    generators = make_generators(project, 2)
    [prompt_id] = make_prompts(project, 1)
    drafts = [ResponseDraft(generators[0], turns), ResponseDraft(generators[1], reply("No idea."))]
    items = [TaskDraft(prompt_id, drafts, "random", 1)]
    queue_tasks(project=project, reference="t", name="t", items=items, now=NOON)
    [held] = next_of(bob, project)
    with_tools = Response.objects.get(generator=generators[0])
    [best] = [place["key"] for place in held.presented if place["response"] == with_tools.pk]
    [other] = [key for key in keys_of(held) if key != best]
    judge(bob, held, tiers=[[best], [other]], edit=Edit(text="It is in Bonn."))
    written = Judgment.objects.get().written_response
    assert written.messages == [*turns[:2], {"role": "assistant", "content": "It is in Bonn."}]


@pytest.mark.once
def test_of_several_winners_the_edited_one_is_named(project, bob):
    held = hold(bob, project, num_responses=3, edit="optional")
    first, second, third = keys_of(held)
    tiers = [[first, second], [third]]
    assert "name the one" in refused(bob, held, "edit", tiers=tiers, edit=Edit(text="Better."))
    third_edited = Edit(text="Better.", response=third)
    assert "first tier" in refused(bob, held, "edit", tiers=tiers, edit=third_edited)
    assert "Not shown" in refused(bob, held, "edit", tiers=tiers, edit=Edit(text="B", response="mine"))
    judge(bob, held, tiers=tiers, edit=Edit(text="Better.", response=second))
    assert Judgment.objects.get().written_response.edited_from_id == ids_of(held)[1]


@pytest.mark.once
def test_an_edit_says_something_new(project, bob):
    held = hold(bob, project, edit="optional")
    texts = dict(Response.objects.values_list("pk", "messages"))
    winner, loser = (texts[id][0]["content"] for id in ids_of(held))
    assert "changes nothing" in refused(bob, held, "edit", edit=Edit(text=winner))
    assert "equals another" in refused(bob, held, "edit", edit=Edit(text=loser))
    assert "empty" in refused(bob, held, "edit", edit=Edit(text="  "))
    assert "NUL" in refused(bob, held, "edit", edit=Edit(text="a\x00"))
    assert "text or messages" in refused(bob, held, "edit", edit=Edit())
    user_first = [{"role": "user", "content": "No."}]
    assert "assistant" in refused(bob, held, "edit", edit=Edit(messages=user_first))


@pytest.mark.once
def test_edits_are_made_where_they_are_asked_for(project, bob):
    held = hold(bob, project)
    assert "does not ask" in refused(bob, held, "edit", edit=Edit(text="New."))
    ask_for(project, edit="required")
    fill_queue(project, 1, word="Other")
    other = next_of(bob, project, count=2)[1]
    assert "edit the winner" in refused(bob, other, "edit")
    assert judge(bob, other, tiers=[], verdict="both_bad", edit=Edit(text="N", response=keys_of(other)[0]))


def test_a_corrected_edit_is_neither_demonstration_nor_comparison(project, bob):
    held = hold(bob, project, edit="optional")
    judge(bob, held, edit=Edit(text="First try."))
    judge(bob, held, edit=Edit(text="Second try."))
    [shown] = labels.demonstrations(project_id=project.pk)
    assert shown.messages == reply("Second try.")
    assert Comparison.objects.filter(from_edit=True).count() == 2
    judge(bob, held)
    assert list(labels.demonstrations(project_id=project.pk)) == []
    assert Comparison.objects.count() == 1
    assert Response.objects.filter(generator__kind="person").count() == 2
    judge(bob, held, edit=Edit(text="First try."))
    assert Response.objects.filter(generator__kind="person").count() == 2
    assert len(list(labels.demonstrations(project_id=project.pk))) == 1


def test_the_same_words_on_another_winner_are_another_edit(project, bob):
    held = hold(bob, project, edit="optional")
    first, second = keys_of(held)
    judge(bob, held, tiers=[[first], [second]], edit=Edit(text="Same."))
    judge(bob, held, tiers=[[second], [first]], edit=Edit(text="Same."))
    assert Judgment.objects.get(superseded_at=None).written_response.edited_from_id == ids_of(held)[1]


def test_two_people_edit_under_two_pseudonyms(project, bob, carol):
    ask_for(project, edit="optional")
    fill_queue(project, 1, overlap=2)
    for person in (bob, carol):
        [held] = next_of(person, project)
        judge(person, held, tiers=[[key] for key in sorted(keys_of(held))], edit=Edit(text="Mine."))
    names = {row.generator.name for row in Response.objects.filter(generator__kind="person")}
    assert len(names) == 2
    assert not any("ob" in name or "arol" in name for name in names)


# --- properties ------------------------------------------------------------------------


@st.composite
def rankings(draw):
    responses = draw(st.permutations(range(draw(st.integers(2, 9)))))
    cuts = sorted(draw(st.sets(st.integers(1, len(responses) - 1))))
    tiers = [list(responses[a:b]) for a, b in zip([0, *cuts], [*cuts, len(responses)], strict=True)]
    count = len(tiers) - 1
    return tiers, draw(st.one_of(st.just([]), st.lists(st.integers(1, 3), min_size=count, max_size=count)))


@given(rankings())
def test_an_edit_adds_one_pair_for_each_response_and_touches_no_other(ranking):
    tiers, strengths = ranking
    without, within = pairs_of(tiers, strengths), pairs_of(tiers, strengths, 100)
    assert within[: len(without)] == without
    added = within[len(without) :]
    assert sorted(pair.loser for pair in added) == sorted(id for tier in tiers for id in tier)
    assert {(p.winner, p.is_tie, p.strength, p.from_edit) for p in added} == {(100, False, None, True)}


@st.composite
def abc(draw):
    """The three keys in tiers, often enough: all else may be well then."""
    order = draw(st.permutations("abc"))
    cuts = sorted(draw(st.sets(st.integers(1, 2))))
    return [list(order[a:b]) for a, b in zip([0, *cuts], [*cuts, 3], strict=True)]


words = st.one_of(st.sampled_from(["a", "b", "c", "tone", "wrong"]), st.text(max_size=5))


@pytest.mark.once
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(
    said=st.builds(
        Said,
        tiers=st.one_of(abc(), abc(), st.lists(st.lists(words, max_size=4), max_size=4)),
        verdict=st.sampled_from(["none", "both_good", "both_bad", "cannot_judge"]),
        strengths=st.lists(st.integers(1, 3), max_size=3),
        comment=words,
        reasons=st.lists(words, max_size=3),
        criteria=st.just({key: {"helpful": 3} for key in "abc"})
        | st.dictionaries(words, st.dictionaries(words, st.integers(-9, 9), max_size=2), max_size=3),
        spans=st.lists(
            st.builds(
                Span, response=words, start=st.integers(0, 9), end=st.integers(0, 9), label=words, note=words
            ),
            max_size=2,
        ),
        edit=st.one_of(st.none(), st.builds(Edit, text=st.one_of(st.none(), words), response=words)),
    )
)
def test_whatever_is_said_is_stored_whole_or_refused_in_a_sentence(project, bob, said, request):
    held = request.node.__dict__.setdefault("held", None)
    if held is None:
        ask_for(project, criteria=[SCALE], reasons=TONE, spans=[WRONG], edit="optional")
        queue_texts(project, "one two three", "four five six", "seven")
        [held] = next_of(bob, project)
        for place, key in zip(held.presented, "abc", strict=True):
            place["key"] = key
        request.node.__dict__["held"] = held
    checked, refusal = None, None
    try:
        checked = check_said(said, held)
    except DomainError as caught:
        refusal = caught
    if checked is None:
        assert refusal is not None
        assert (refusal.message[-1], len(refusal.fields)) == (".", 1)
        return
    ids = dict(zip("abc", ids_of(held), strict=True))
    if said.tiers:
        assert checked.tiers == [[ids[key] for key in tier] for tier in said.tiers]
    assert {
        (str(ids[key]), name, score)
        for key, scores in said.criteria.items()
        for name, score in scores.items()
    } == {(id, name, score) for name, scores in checked.criteria.items() for id, score in scores.items()}
    assert len(checked.spans) == len(said.spans)
    assert (checked.written is None) == (said.edit is None)
