"""What public data looks like, and what becomes of it: a row of each format in its own words."""

from __future__ import annotations

import gzip
import itertools
import json
from pathlib import Path

import pytest

from labeling.messages import BadContent
from labeling.models import Annotator, Comparison, Judgment, Prompt, Response, Task
from labeling.services.formats import BY_NAME, named, recognise, rows_of
from labeling.services.formats.base import Options
from labeling.services.import_texts import read_texts
from labeling.services.imports import import_records
from labeling.services.readers import opened
from tests.labeling.factories import NOON

pytestmark = pytest.mark.once
PREFS = Path(__file__).parents[3] / "shared" / "data" / "prefs"


def rows(value, format: str = "", **options):
    return list(rows_of(value, format=named(format), options=Options(**options)))


def tiers(row):
    return [judgment.tiers for judgment in row.judgments]


def texts(messages):
    return [message["content"] for message in messages]


TURN = [{"role": "user", "content": "Hi"}]
ULTRA = {
    "source": "flan",
    "instruction": "Say hello.",
    "models": ["a", "b", "c"],
    "completions": [
        {
            "response": "Hello",
            "model": "a",
            "annotations": {"honesty": {"Rating": "5"}, "truth": {"Rating": "1"}},
        },
        {
            "response": "Hi",
            "model": "b",
            "annotations": {"honesty": {"Rating": "3"}, "truth": {"Rating": "3"}},
        },
        {
            "response": "No",
            "model": "c",
            "annotations": {"honesty": {"Rating": "1"}, "truth": {"Rating": "N/A"}},
        },
    ],
}
ARENA = {
    "question_id": "q",
    "model_a": "m1",
    "model_b": "m2",
    "winner": "tie (bothbad)",
    "judge": "arena_user_7",
    "conversation_a": [
        *TURN,
        {"role": "assistant", "content": "A1"},
        *TURN,
        {"role": "assistant", "content": "A2"},
    ],
    "conversation_b": [
        *TURN,
        {"role": "assistant", "content": "B1"},
        *TURN,
        {"role": "assistant", "content": "B2"},
    ],
    "turn": 2,
    "language": "English",
}
TREE = {
    "message_tree_id": "t",
    "tree_state": "ready_for_export",
    "prompt": {
        "message_id": "p",
        "role": "prompter",
        "text": "Why?",
        "lang": "en",
        "replies": [
            {"message_id": "a", "role": "assistant", "text": "Because.", "rank": 1, "replies": []},
            {
                "message_id": "b",
                "role": "assistant",
                "text": "It depends.",
                "rank": 0,
                "replies": [
                    {
                        "message_id": "c",
                        "role": "prompter",
                        "text": "On what?",
                        "replies": [{"message_id": "d", "role": "assistant", "text": "Time.", "replies": []}],
                    },
                    {"message_id": "e", "role": "prompter", "text": "Gone", "deleted": True, "replies": []},
                ],
            },
        ],
        "events": {"ranking": [{"user_id": "u1", "ranked_message_ids": ["a", "b"]}]},
    },
}
ARGILLA = {
    "id": "1",
    "prompt": "Say hello.",
    "response-1": "Hello",
    "response-2": "Hi",
    "ranking.responses": [
        [{"value": "response-1", "rank": 2}, {"value": "response-2", "rank": 1}],
        [{"value": "response-1", "rank": 1}, {"value": "response-2", "rank": 1}],
        [{"value": "response-1", "rank": 1}, {"value": "response-2", "rank": 2}],
    ],
    "ranking.responses.users": ["u1", "u2", "u3"],
    "ranking.responses.status": ["submitted", "submitted", "discarded"],
    "why.responses": ["Shorter.", None, None],
    "why.responses.users": ["u1", "u2", "u3"],
}
STUDIO = {
    "id": 1,
    "data": {"prompt": "Say hello.", "answer1": "Hello", "answer2": "Hi"},
    "annotations": [
        {
            "id": 1,
            "completed_by": 3,
            "lead_time": 4.5,
            "result": [{"type": "pairwise", "value": {"selected": "right"}}],
        },
        {"id": 2, "completed_by": {"email": "x@y.z"}, "was_cancelled": True, "result": []},
    ],
}
RANKER = {
    "id": 2,
    "data": {"prompt": "Say hello.", "items": [{"id": n, "body": f"Hello {n}"} for n in "abc"]},
    "annotations": [
        {
            "completed_by": 1,
            "result": [{"type": "ranker", "value": {"ranker": {"1": ["c"], "2": ["a", "b"], "_": []}}}],
        }
    ],
}
SUMMARY = {
    "info": {"post": "Long story.", "title": "T"},
    "summaries": [{"text": "Short.", "policy": "sup"}, {"text": "Shorter.", "policy": "ref"}],
    "choice": 1,
    "worker": "w9",
    "extra": {"confidence": 9},
}
HELPSTEER = {
    "domain": "code",
    "language": "python",
    "context": TURN,
    "response1": "A",
    "response2": "B",
    "overall_preference": -2,
    "individual_preference": [{"score": -3, "reasoning": "Because"}, {"score": 1}, {"score": 0}],
}
NECTAR = {"prompt": "Hi", "answers": [{"answer": f"A{n}", "model": f"m{n}", "rank": n} for n in (2, 1, 3)]}

CASES = [
    ("ultrafeedback", ULTRA, [[[[0, 1], [2]]]]),
    ("helpsteer3", HELPSTEER, [[[[0], [1]], [[0], [1]], [[1], [0]], [[0, 1]]]]),
    ("arena", ARENA, [[[[0, 1]]]]),
    (
        "arena-texts",
        {
            "prompt": '["Hi"]',
            "response_a": '["A"]',
            "response_b": '["B"]',
            "winner_model_b": 1,
            "model_a": "x",
        },
        [[[[1], [0]]]],
    ),
    ("oasst", TREE, [[[[1], [0]], [[0], [1]]], []]),
    ("kwise", NECTAR, [[[[1], [0], [2]]]]),
    ("summarize", SUMMARY, [[[[1], [0]]]]),
    (
        "summarize-axes",
        {
            "info": {"article": "Long"},
            "summary": {"text": "S", "axes": {"overall": 6, "accuracy": None}},
            "worker": "w",
        },
        [[[[0]]]],
    ),
    ("argilla", ARGILLA, [[[[1], [0]], [[0, 1]]]]),
    (
        "argilla-records",
        {
            "fields": {"prompt": "Hi", "response-1": "A", "response-2": "B"},
            "responses": {"best": [{"value": "response-2", "user_id": "u", "status": "submitted"}]},
        },
        [[[[1], [0]]]],
    ),
    ("label-studio", STUDIO, [[[[1], [0]]]]),
    ("label-studio", RANKER, [[[[2], [0, 1]]]]),
    ("trl-unpaired", {"prompt": "Hi", "completion": "Yes", "label": False}, [[[[0]]]]),
    ("sft", {"prompt": TURN, "completion": [{"role": "assistant", "content": "Yes"}]}, [[]]),
    ("sft-messages", {"messages": [*TURN, {"role": "assistant", "content": "Yes"}]}, [[]]),
    ("alpaca", {"instruction": "Add", "input": "1, 2", "output": "3"}, [[]]),
    ("question-answer", {"id": "x", "question": "1+1?", "answer": "2"}, [[]]),
    ("plumbline", {"prompt": "Hi", "chosen": "A", "rejected": "B"}, [[[[0], [1]]]]),
]


@pytest.mark.parametrize(("name", "value", "expected"), CASES, ids=[case[0] for case in CASES])
def test_a_format_is_recognised_and_read(name, value, expected):
    assert recognise(value).name == name
    assert [tiers(row) for row in rows(value)] == expected
    assert rows(value, name) == rows(value)


def test_ratings_stay_and_the_ranking_follows_the_aspect_asked_for():
    [row] = rows(ULTRA, aspect="honesty")
    assert tiers(row) == [[[0], [1], [2]]]
    assert row.judgments[0].criteria == {"honesty": [5.0, 3.0, 1.0], "truth": [1.0, 3.0, None]}
    assert [response.generator for response in row.responses] == ["a", "b", "c"]
    with pytest.raises(BadContent, match="no rating of truth"):
        rows(ULTRA, aspect="truth")


def test_strengths_reasons_and_workers_are_kept():
    [row] = rows(HELPSTEER)
    assert [(one.worker, one.strengths, one.comment) for one in row.judgments] == [
        ("overall", [2], ""),
        ("individual 1", [3], "Because"),
        ("individual 2", [1], ""),
        ("individual 3", [], ""),
    ]
    [row] = rows(SUMMARY)
    assert (row.judgments[0].worker, row.judgments[0].strengths) == ("w9", [3])
    [row] = rows(ARGILLA)
    assert [(one.worker, one.comment) for one in row.judgments] == [("u1", "Shorter."), ("u2", "")]


def test_an_arena_conversation_is_cut_where_the_models_part():
    [row] = rows(ARENA)
    assert row.prompt.messages == TURN
    assert texts(row.responses[0].messages) == ["A1", "Hi", "A2"]
    assert (row.judgments[0].verdict, row.judgments[0].worker) == ("both_bad", "arena_user_7")


def test_a_tree_gives_a_row_for_every_answered_message():
    first, second = rows(TREE)
    assert [one.worker for one in first.judgments] == ["consensus", "u1"]
    assert texts(second.prompt.messages) == ["Why?", "It depends.", "On what?"]
    assert [texts(one.messages) for one in second.demonstrations] == [["Time."]]


def test_a_label_is_a_verdict_on_one_response(project):
    with opened_rows([{"prompt": "Hi", "completion": "Yes", "label": True, "worker": "w"}]) as records:
        import_records(project=project, records=records, now=NOON)
    judgment = Judgment.objects.get()
    assert (judgment.verdict, Comparison.objects.count()) == ("both_good", 0)
    assert judgment.annotator.external_id == "w"


def test_columns_without_meaning_are_left_out_only_by_name():
    value = {"prompt": "Hi", "chosen": "A", "rejected": "B", "score_chosen": 8.5, "margin": 2}
    with pytest.raises(BadContent, match="Name the format trl-preference"):
        rows(value)
    assert tiers(rows(value, "trl-preference")[0]) == [[[0], [1]]]


@pytest.mark.parametrize(
    ("value", "format", "words"),
    [
        ({"x": 1}, "", "no format is known by the keys x"),
        (
            {**NECTAR, "completion": "A", "label": True},
            "",
            "could be trl-unpaired and kwise: name the format",
        ),
        ({"prompt": "Hi"}, "kwise", "answers is missing: a row of kwise has prompt, answers"),
        ({**NECTAR, "answers": [1]}, "", "answers must be a list of objects"),
        ({**ARENA, "winner": "nobody"}, "", "winner must be one of model_a"),
        ({**HELPSTEER, "overall_preference": 5}, "", "from -3 to 3"),
        ({**HELPSTEER, "context": 7}, "", "the prompt must be text or a list of messages"),
        ({**ULTRA, "completions": [None]}, "", "not a row of ultrafeedback"),
        ({**TREE, "prompt": {"role": "prompter", "text": "x", "replies": [3]}}, "", "not a row of oasst"),
        ({**SUMMARY, "choice": "first"}, "", "choice must be 0 or 1"),
        ({"prompt": "Hi", "completion": "A", "label": "maybe"}, "", "label must be true or false"),
        ({"arg1": "a", "arg2": "b", "votes": []}, "", "the text of a is unknown"),
        ({**STUDIO, "data": {"answer1": "A"}}, "", "data has no prompt"),
        ({"prompt": "Hi", "responses": ["A", "B"], "judgments": [{}]}, "", "needs a ranking"),
        ({"prompt": "Hi", "responses": ["A", "B"], "judgments": [{"ranking": [[1]]}]}, "", "each of the 2"),
        (
            {"prompt": "Hi", "responses": ["A", "B"], "judgments": [{"ranking": [[1], [3]]}]},
            "",
            "each of the 2",
        ),
        (
            {
                "prompt": "Hi",
                "responses": ["A", "B"],
                "judgments": [{"ranking": [[1], [2]], "strengths": [4]}],
            },
            "",
            "1, 2 or 3 for each boundary",
        ),
        (
            {
                "prompt": "Hi",
                "responses": ["A", "B"],
                "judgments": [{"ranking": [[1, 2]], "criteria": {"x": [1]}}],
            },
            "",
            "a number or null for each response",
        ),
    ],
)
def test_what_cannot_be_read_says_why(value, format, words):
    with pytest.raises(BadContent) as caught:
        rows(value, format)
    assert words in str(caught.value)


def test_every_format_has_a_name_and_a_summary_of_its_own():
    assert len({one.summary for one in BY_NAME.values()}) == len(BY_NAME)


# --- the files of a public collection ----------------------------------------------------


class opened_rows:
    """Rows as a file gives them."""

    def __init__(self, values):
        self.values = values

    def __enter__(self):
        from labeling.services.readers import Record

        return (Record(n, value) for n, value in enumerate(self.values, start=1))

    def __exit__(self, *exc):
        return None


FILES = {
    "hh_helpful_base_test": ("MIT", {}, 60),
    "webgpt_comparisons_test": ("CC BY-NC 4.0", {}, 60),
    "pandalm_testset": ("Apache-2.0", {}, 60),
    "autoj_pairwise": ("Apache-2.0", {}, 60),
    "finegrained_qa_feedback": ("CC BY-SA 3.0", {}, 60),
    "tulu_human_eval": ("Apache-2.0", {}, 60),
    "ukpconvarg_arguments": ("CC BY 4.0", {}, 60),
    "ukpconvarg_pairs": ("CC BY 4.0", {"texts": "ukpconvarg_arguments"}, 60),
}
needs_data = pytest.mark.skipif(not PREFS.is_dir(), reason="the shared data is not on this machine")


@needs_data
@pytest.mark.parametrize("name", FILES)
def test_a_public_file_imports_without_being_told_what_it_is(project, name):
    """A prefix of each, whole rows of every kind that is in them."""
    licence, more, number = FILES[name]
    options = Options(texts=read_texts(PREFS / f"{more['texts']}.jsonl.gz") if more else {})
    with opened(PREFS / f"{name}.jsonl.gz") as records:
        result = import_records(
            project=project,
            records=itertools.islice(records, number),
            now=NOON,
            skip_bad_rows=True,
            licence=licence,
            source=name,
            options=options,
        )
    assert result.num_errors <= 8, result.errors
    assert result.judgments_created or Response.objects.exists()
    assert set(Prompt.objects.values_list("licence", "source")) == {(licence, name)}


@needs_data
def test_several_workers_on_one_pair_are_judgments_of_one_task(project):
    texts = read_texts(PREFS / "ukpconvarg_arguments.jsonl.gz")
    with gzip.open(PREFS / "ukpconvarg_pairs.jsonl.gz") as file:
        pair = json.loads(file.readline())
    for _ in range(2):
        with opened_rows([pair]) as records:
            import_records(project=project, records=records, now=NOON, options=Options(texts=texts))
    judgments = Judgment.objects.order_by("pk")
    assert judgments.count() == len(pair["votes"]) == Annotator.objects.count()
    assert Task.objects.count() == 1
    first, vote = judgments[0], pair["votes"][0]
    assert (first.comment, first.active_seconds) == (vote["reason"], vote["seconds"])
    assert first.presentation["details"]["mace_competence"] == vote["mace_competence"]
