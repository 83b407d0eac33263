"""What a person may say about an assignment, checked against its protocol and what it showed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labeling.models import Assignment, Task
from labeling.models.judgments import Verdict
from labeling.protocol import Ask, Choice, Protocol
from labeling.selectors.queue import TaskContent, contents_of
from labeling.services.refusals import refused
from labeling.services.spans import Span, checked_spans
from labeling.services.written import Edit, Words, Written, demonstration_of, edited_messages


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said, in the keys they were shown."""

    tiers: list[list[str]] = field(default_factory=list)
    verdict: str = Verdict.NONE
    strengths: list[int] = field(default_factory=list)
    active_seconds: float | None = None
    comment: str = ""
    reasons: list[str] = field(default_factory=list)
    # By response key and criterion.
    criteria: dict[str, dict[str, int]] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)
    edit: Edit | None = None
    # What was written where a task asks for a response.
    demonstration: Words | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """The same in response ids, as it is stored."""

    tiers: list[list[int]]
    criteria: dict[str, dict[str, int]] = field(default_factory=dict)
    spans: list[dict[str, Any]] = field(default_factory=list)
    written: Written | None = None


def check_said(said: Said, assignment: Assignment) -> Checked:
    """What is to be stored, or a refusal that says what to change. Reads the texts only when
    something refers to them."""
    protocol = Protocol.model_validate(assignment.terms["protocol"])
    ids = {place["key"]: place["response"] for place in assignment.presented}
    # Whoever cannot judge owes no scores and no reasons.
    judged = said.verdict != Verdict.CANNOT_JUDGE
    if said.verdict != Verdict.NONE and not getattr(protocol, said.verdict):
        raise refused("verdict", f"This project does not offer the verdict “{said.verdict}”.")
    _check_comment(said.comment, protocol, owed=judged)
    if assignment.task.kind == Task.Kind.DEMONSTRATE:
        return _demonstrated(said, protocol, judged=judged)
    if said.demonstration is not None:
        raise refused("demonstration", "This task asks for a ranking: leave demonstration out.")
    tiers = _tiers(said, ids, protocol)
    _check_reasons(said.reasons, protocol, owed=judged)
    criteria = _criteria(said.criteria, ids, protocol, owed=judged)
    if said.edit is None and judged and protocol.edit is Ask.REQUIRED:
        raise refused("edit", "This project asks you to edit the winner: send edit.")
    if not said.spans and said.edit is None:
        return Checked(tiers, criteria)
    content = contents_of([assignment.task_id])[assignment.task_id]
    spans = checked_spans(said.spans, protocol=protocol, ids=ids, content=content)
    written = _edited(said, tiers, ids, protocol, content) if said.edit is not None else None
    return Checked(tiers, criteria, spans, written)


def _tiers(said: Said, ids: Mapping[str, Any], protocol: Protocol) -> list[list[int]]:
    tiers = said.tiers
    if said.verdict in (Verdict.BOTH_GOOD, Verdict.BOTH_BAD):
        tiers = tiers or [list(ids)]
        if len(tiers) != 1:
            raise refused("tiers", f"“{said.verdict}” puts all responses in one tier: send one tier.")
    if said.verdict == Verdict.CANNOT_JUDGE and not tiers:
        if said.strengths:
            raise refused("strengths", "Nothing was ranked: leave strengths empty.")
        return []
    _check_keys(tiers, ids)
    if said.verdict == Verdict.NONE and not protocol.ties and any(len(tier) > 1 for tier in tiers):
        raise refused("tiers", "This project does not allow ties: put each response in a tier of its own.")
    _check_strengths(said.strengths, num_boundaries=len(tiers) - 1, asked=protocol.strength)
    return [[ids[key] for key in tier] for tier in tiers]


def _check_keys(tiers: Sequence[Sequence[str]], ids: Mapping[str, Any]) -> None:
    if not all(tiers):
        raise refused("tiers", "A tier is empty: leave it out.")
    keys = [key for tier in tiers for key in tier]
    check_shown("tiers", keys, ids)
    if missing := sorted(ids.keys() - set(keys)):
        raise refused("tiers", f"Not ranked: {', '.join(missing)}. Put every response in a tier.")
    if len(keys) != len(ids):
        raise refused("tiers", "A response is ranked twice: put each in one tier.")


def check_shown(name: str, keys: Collection[str], ids: Mapping[str, Any]) -> None:
    if unknown := sorted(set(keys) - ids.keys()):
        raise refused(name, f"Not shown in this assignment: {', '.join(unknown)}.")


def _check_strengths(strengths: Sequence[int], *, num_boundaries: int, asked: bool) -> None:
    if not strengths:
        return
    if not asked:
        raise refused("strengths", "This project does not ask for strength: leave strengths empty.")
    if len(strengths) != num_boundaries:
        raise refused(
            "strengths",
            f"Send one strength for each of the {num_boundaries} boundaries between tiers, or none.",
        )


def _check_comment(comment: str, protocol: Protocol, *, owed: bool) -> None:
    asked, length = protocol.comment, len(comment.strip())
    if asked.ask is Ask.OFF and length:
        raise refused("comment", "This project does not ask for a comment: leave it empty.")
    owed = owed and asked.ask is Ask.REQUIRED
    if (owed or length) and length < max(asked.min_length, 1):
        wanted = f"at least {asked.min_length} characters" if asked.min_length > 1 else "some words"
        raise refused("comment", f"The comment has {length} characters: write {wanted}.")


def _check_reasons(reasons: Sequence[str], protocol: Protocol, *, owed: bool) -> None:
    asked = protocol.reasons
    if not asked.choices and reasons:
        raise refused("reasons", "This project does not ask for reasons: leave them empty.")
    check_choices("reasons", reasons, asked.choices)
    if len(set(reasons)) != len(reasons):
        raise refused("reasons", "A reason is given twice: name each once.")
    if (reasons or (owed and asked.required)) and not asked.at_least <= len(reasons) <= asked.max:
        raise refused("reasons", f"Give {asked.at_least} to {asked.max} reasons, not {len(reasons)}.")


def check_choices(name: str, keys: Sequence[str], choices: Sequence[Choice]) -> None:
    known = [choice.key for choice in choices]
    if unknown := [key for key in keys if key not in known]:
        raise refused(name, f"There is no “{unknown[0]}”: choose from {', '.join(known)}.")


def _criteria(
    given: Mapping[str, Mapping[str, int]], ids: Mapping[str, Any], protocol: Protocol, *, owed: bool
) -> dict[str, dict[str, int]]:
    if not protocol.criteria:
        if given:
            raise refused("criteria", "This project has no criteria: leave them empty.")
        return {}
    check_shown("criteria", given.keys(), ids)
    scales = {criterion.key: criterion for criterion in protocol.criteria}
    for key, scores in given.items():
        check_choices("criteria", list(scores), protocol.criteria)
        for name, score in scores.items():
            scale = scales[name]
            if not scale.low <= score <= scale.high:
                message = f"“{name}” of {key} is {score}: score from {scale.low} to {scale.high}."
                raise refused("criteria", message)
    for key in ids if owed else ():
        for criterion in protocol.criteria:
            if criterion.required and criterion.key not in given.get(key, {}):
                raise refused("criteria", f"“{criterion.key}” of {key} is missing: score every response.")
    by_criterion: dict[str, dict[str, int]] = {}
    for key, scores in given.items():
        for name, score in scores.items():
            by_criterion.setdefault(name, {})[str(ids[key])] = score
    return by_criterion


def _edited(
    said: Said, tiers: list[list[int]], ids: Mapping[str, Any], protocol: Protocol, content: TaskContent
) -> Written:
    edit = said.edit
    assert edit is not None
    if protocol.edit is Ask.OFF:
        raise refused("edit", "This project does not ask for edits: leave edit out.")
    if said.verdict == Verdict.CANNOT_JUDGE or not tiers:
        raise refused("edit", "Only a winner is edited: rank the responses, or leave edit out.")
    if edit.response is not None:
        check_shown("edit", [edit.response], ids)
        source = ids[edit.response]
        if source not in tiers[0]:
            raise refused("edit", "Only the winner is edited: name a response of the first tier.")
    elif len(tiers[0]) == 1:
        source = tiers[0][0]
    else:
        raise refused("edit", "Several responses share the first place: name the one that you edited.")
    return Written(edited_messages(edit, source=source, content=content), edited_from=source)


def _demonstrated(said: Said, protocol: Protocol, *, judged: bool) -> Checked:
    empty = {
        "tiers": said.tiers,
        "strengths": said.strengths,
        "criteria": said.criteria,
        "reasons": said.reasons,
        "spans": said.spans,
        "edit": said.edit,
    }
    for name, value in empty.items():
        if value:
            raise refused(name, f"This task asks for a response of your own: leave {name} out.")
    if said.verdict in (Verdict.BOTH_GOOD, Verdict.BOTH_BAD):
        raise refused("verdict", "There is nothing to judge here: leave verdict out.")
    if not judged:
        if said.demonstration is not None:
            raise refused("demonstration", "You said that you cannot write this: leave demonstration out.")
        return Checked([])
    if said.demonstration is None:
        raise refused("demonstration", "This task asks for a response of your own: send demonstration.")
    return Checked([], written=demonstration_of(said.demonstration, protocol=protocol))
