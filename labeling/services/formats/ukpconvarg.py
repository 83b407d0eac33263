"""Votes on which of two arguments convinces more, with the arguments in a file of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from labeling.messages import BadContent
from labeling.services.formats.base import Format, Options, Plain, Value, keys, need, plain, word

VALUES = {"a1": [[1], [2]], "a2": [[2], [1]], "equal": [[1, 2]]}
KEPT = ("worker_stance", "mace_competence")


def votes(value: Value, options: Options) -> Iterator[Plain]:
    """Each vote is a judgment of its worker."""
    arguments = [_argument(value.get(name), options) for name in ("arg1", "arg2")]
    yield plain(
        value,
        prompt=_prompt(arguments[0]),
        tags=[word(value.get("topic"))[:100]],
        responses=[{"text": one.get("text"), "by_person": True} for one in arguments],
        judgments=[_vote(one) for one in need(value, "votes", list)],
    )


def argument(value: Value, options: Options) -> Iterator[Plain]:
    """One argument: what a person wrote on this side of the debate."""
    yield plain(
        value,
        prompt=_prompt(value),
        tags=[word(value.get("topic"))[:100]],
        demonstrations=[value.get("text")],
    )


def _argument(arg_id: object, options: Options) -> Value:
    found = options.texts.get(word(arg_id))
    if found is None:
        raise BadContent(f"the text of {arg_id} is unknown: name the file with the arguments (texts).")
    return found


def _vote(vote: object) -> dict[str, Any]:
    if not isinstance(vote, Mapping) or vote.get("value") not in VALUES:
        raise BadContent("each vote needs a value: a1, a2 or equal.")
    return {
        "worker": word(vote.get("worker")),
        "ranking": VALUES[vote["value"]],
        "comment": vote.get("reason") or "",
        "seconds": vote.get("seconds"),
        "details": {name: vote[name] for name in KEPT if vote.get(name) is not None},
    }


def _prompt(value: Value) -> str:
    return f"{word(value.get('debate'))}: {word(value.get('stance'))}\n\nArgue for this side."


FORMATS = [
    Format(
        "ukpconvarg",
        "pair_id, arg1, arg2, votes; the arguments come by `texts`",
        keys("arg1 arg2 votes"),
        votes,
    ),
    Format(
        "ukpconvarg-arguments",
        "arg_id, debate, stance, text: kept as demonstrations",
        keys("arg_id debate stance text"),
        argument,
    ),
]
