"""Judgments as their own annotator reads them: in the keys they were shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labeling.messages import Message, shown
from labeling.models import Assignment, Judgment

if TYPE_CHECKING:
    from labeling.selectors.queue import TaskContent


def said_in_keys(judgment: Judgment, assignment: Assignment, content: TaskContent) -> dict[str, Any]:
    """What was said, in the shape in which it can be said again."""
    keys = {place["response"]: place["key"] for place in assignment.presented}
    said = {
        "tiers": [[keys[response_id] for response_id in tier] for tier in judgment.tiers],
        "verdict": judgment.verdict,
        "strengths": judgment.strengths,
        "criteria": _by_response(judgment, keys),
        "reasons": judgment.reasons,
        "comment": judgment.comment,
        "spans": [{**span, "response": keys[span["response"]]} for span in judgment.spans],
        "edit": None,
        "demonstration": None,
        "active_seconds": judgment.active_seconds,
    }
    written = judgment.written_response
    if written is None:
        return said
    source = written.edited_from_id
    if source is None:
        said["demonstration"] = _words(written.messages, [])
    else:
        before = content.messages[source][:-1]
        said["edit"] = {"response": keys[source], **_words(written.messages, before)}
    return said


def _by_response(judgment: Judgment, keys: dict[int, str]) -> dict[str, dict[str, Any]]:
    """`{response key: {criterion: score}}`, as it was sent."""
    found: dict[str, dict[str, Any]] = {}
    for name, scores in judgment.criteria.items():
        for id, score in scores.items():
            found.setdefault(keys[int(id)], {})[name] = score
    return found


def _words(written: list[Message], before: list[Message]) -> dict[str, Any]:
    """Text where only the last message is new."""
    if written[:-1] == before:
        return {"text": written[-1]["content"], "messages": None}
    return {"text": None, "messages": shown(written)}
