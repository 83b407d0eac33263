"""Two responses and who preferred which: each public set in its own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from labeling.messages import BadContent
from labeling.services.formats.base import Format, Options, Plain, Value, joined, keys, number, plain, word

FIRST, SECOND, TIE = [[1], [2]], [[2], [1]], [[1, 2]]


def by_number(label: object, meaning: Mapping[int, list[list[int]]], what: str) -> list[list[int]]:
    try:
        return meaning[int(label)]  # type: ignore[call-overload]
    except (KeyError, TypeError, ValueError) as problem:
        choices = ", ".join(map(str, sorted(meaning)))
        raise BadContent(f"{what} must be one of {choices}.") from problem


def pandalm(value: Value, options: Options) -> Iterator[Plain]:
    names = word(value.get("cmp_key")).split("_")
    first, second = names if len(names) == 2 else ("", "")
    workers = sorted(name for name in value if name.startswith("annotator"))
    meaning = {0: TIE, 1: FIRST, 2: SECOND}
    yield plain(
        value,
        prompt=joined(value.get("instruction"), value.get("input")),
        responses=[
            {"text": value.get("response1"), "generator": first},
            {"text": value.get("response2"), "generator": second},
        ],
        judgments=[
            {"worker": worker, "ranking": by_number(value[worker], meaning, worker)} for worker in workers
        ],
    )


def autoj(value: Value, options: Options) -> Iterator[Plain]:
    ranking = by_number(value.get("label"), {0: FIRST, 1: SECOND, 2: TIE}, "label")
    scenario = value.get("scenario")
    yield {"tags": [scenario] if scenario else []} | plain(
        value,
        prompt=value.get("prompt"),
        responses=[value.get("response 1"), value.get("response 2")],
        judgments=[{"ranking": ranking}],
    )


def webgpt(value: Value, options: Options) -> Iterator[Plain]:
    """Equal scores are a tie; the scores stay as a criterion, and their distance is the strength."""
    question = value.get("question")
    if isinstance(question, Mapping):
        question = question.get("full_text")
    scores = [number(value.get(f"score_{side}"), f"score_{side}") for side in (0, 1)]
    distance = abs(scores[0] - scores[1])
    judgment: dict[str, Any] = {"criteria": {"score": scores}, "ranking": TIE}
    if distance:
        judgment["ranking"] = FIRST if scores[0] > scores[1] else SECOND
        judgment["strengths"] = [1 if distance < 0.75 else 2 if distance < 1.5 else 3]
    yield plain(
        value,
        prompt=question,
        responses=[value.get("answer_0"), value.get("answer_1")],
        judgments=[judgment],
    )


STEPS = {
    "a-is-better": (FIRST, [2]),
    "a-is-slightly-better": (FIRST, [1]),
    "tie": (TIE, []),
    "b-is-slightly-better": (SECOND, [1]),
    "b-is-better": (SECOND, [2]),
}
ACCEPTABLE = {"yes": 1, "no": 0}


def open_instruct(value: Value, options: Options) -> Iterator[Plain]:
    if value.get("preference") not in STEPS:
        raise BadContent(f"preference must be one of {', '.join(STEPS)}.")
    ranking, strengths = STEPS[value["preference"]]
    accepted = [ACCEPTABLE.get(word(value.get(f"completion_{side}_is_acceptable"))) for side in "ab"]
    judgment = {
        "worker": word(value.get("evaluator")),
        "ranking": ranking,
        "strengths": strengths,
        "criteria": {} if accepted == [None, None] else {"acceptable": accepted},
        "details": {name: value[name] for name in ("instance_id", "timestamp") if value.get(name)},
    }
    yield plain(
        value,
        prompt=value.get("prompt"),
        responses=[
            {"text": value.get(f"completion_{side}"), "generator": word(value.get(f"model_{side}"))}
            for side in "ab"
        ],
        judgments=[judgment],
    )


def helpsteer(value: Value, options: Options) -> Iterator[Plain]:
    """-3 (first much better) to 3 (second much better). Each individual preference is a judgment; the
    overall one is another, of an annotator called “overall”."""
    judgments = [_helpsteer_judgment("overall", value.get("overall_preference"), {})]
    for place, one in enumerate(value.get("individual_preference") or [], start=1):
        if isinstance(one, Mapping):
            judgments.append(_helpsteer_judgment(f"individual {place}", one.get("score"), one))
    yield {"tags": [value[name] for name in ("domain", "language") if value.get(name)]} | plain(
        value,
        prompt=value.get("context"),
        responses=[value.get("response1"), value.get("response2")],
        judgments=judgments,
    )


def _helpsteer_judgment(worker: str, score: object, said: Mapping[str, Any]) -> dict[str, Any]:
    step = int(number(score, "a preference"))
    if not -3 <= step <= 3:
        raise BadContent("a preference must be a whole number from -3 to 3.")
    details = {name: said[name] for name in ("feedback1", "feedback2") if said.get(name)}
    judgment = {"worker": worker, "ranking": TIE, "details": details, "comment": said.get("reasoning") or ""}
    if step:
        judgment |= {"ranking": FIRST if step < 0 else SECOND, "strengths": [abs(step)]}
    return judgment


FORMATS = [
    Format(
        "pandalm",
        "instruction, input, response1, response2, annotator1 … (0 tie, 1, 2)",
        keys("instruction response1 response2 annotator1"),
        pandalm,
    ),
    Format(
        "autoj",
        "prompt, response 1, response 2, label (0 first, 1 second, 2 tie)",
        frozenset({"prompt", "response 1", "response 2", "label"}),
        autoj,
    ),
    Format(
        "webgpt",
        "question, answer_0, answer_1, score_0, score_1",
        keys("question answer_0 answer_1 score_0 score_1"),
        webgpt,
    ),
    Format(
        "open-instruct",
        "prompt, completion_a, completion_b, preference in five steps, evaluator",
        keys("prompt completion_a completion_b preference"),
        open_instruct,
    ),
    Format(
        "helpsteer3",
        "context, response1, response2, overall_preference -3 … 3 and individual ones",
        keys("context response1 response2 overall_preference"),
        helpsteer,
    ),
]
