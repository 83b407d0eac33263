"""What each export makes of a judgment: one function for each kind.

Every row of a TRL format carries an explicit prompt: splitting it off two completions goes wrong where
one begins with the other. HH, whose rows are whole transcripts by definition, is the one exception.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labeling.messages import Message
from labeling.selectors.pages import Judged, PairPart, PromptPart, ResponsePart, Written
from labeling.services.transcripts import as_texts, as_transcript

Row = dict[str, Any]
MESSAGES, TEXT = "messages", "text"


def judgment(one: Judged, style: str) -> Iterator[Row]:
    yield {
        "prompt": one.prompt.messages,
        "responses": [_whole(response) for response in one.responses],
        "tiers": one.tiers,
        "verdict": one.verdict,
        "strengths": one.strengths,
        "criteria": one.criteria,
        "reasons": one.reasons,
        "comment": one.comment,
        "spans": one.spans,
        "written": None if one.written is None else _writing(one.written),
        "active_seconds": one.active_seconds,
        "surplus": one.surplus,
        "presentation": one.presentation,
        "risk_tags": one.prompt.risk_tags,
        **of_judgment(one),
    }


def comparison(one: Judged, style: str) -> Iterator[Row]:
    for pair in one.pairs():
        yield {
            **_sides(one, pair, MESSAGES),
            "tie": pair.is_tie,
            "strength": pair.strength,
            "from_edit": pair.from_edit,
            **of_judgment(one),
        }


def preference(one: Judged, style: str) -> Iterator[Row]:
    for pair in one.pairs():
        if not pair.is_tie:
            yield {
                **_sides(one, pair, style),
                "strength": pair.strength,
                "from_edit": pair.from_edit,
                **of_judgment(one),
            }


def hh(one: Judged, style: str) -> Iterator[Row]:
    for pair in one.pairs():
        everything = [*one.prompt.messages, *pair.winner.messages, *pair.loser.messages]
        if not pair.is_tie and all(message["role"] in ("user", "assistant") for message in everything):
            yield {
                "chosen": as_transcript([*one.prompt.messages, *pair.winner.messages]),
                "rejected": as_transcript([*one.prompt.messages, *pair.loser.messages]),
                **of_judgment(one),
            }


def unpaired(one: Judged, style: str) -> Iterator[Row]:
    for response, is_good, from_verdict in one.labels():
        prompt, completion = _written(one.prompt.messages, response.messages, style)
        yield {
            "prompt": prompt,
            "completion": completion,
            "label": is_good,
            "from_verdict": from_verdict,
            "response_id": response.id,
            "generator": response.generator,
            **of_judgment(one),
        }


def ranking(one: Judged, style: str) -> Iterator[Row]:
    if len(one.responses) < 2 or not one.tiers:
        return
    ranks = one.ranks()
    answers = [
        {
            "answer": plain_text(response.messages),
            "model": response.generator,
            "rank": ranks[response.id] + 1,
        }
        for response in sorted(one.responses, key=lambda response: (ranks[response.id], response.id))
    ]
    yield {"prompt": plain_text(one.prompt.messages), "answers": answers, **of_judgment(one)}


def demonstration(one: Written, style: str) -> Iterator[Row]:
    prompt, completion = _written(one.prompt.messages, one.response.messages, style)
    yield {
        "prompt": prompt,
        "completion": completion,
        "response_id": one.response.id,
        "generator": one.response.generator,
        "edited_from": one.response.edited_from,
        "judgment": one.judgment_id,
        "annotator": one.annotator_id,
        "created_at": one.created_at,
        **_of_prompt(one.prompt),
    }


def prompt_only(one: PromptPart, style: str) -> Iterator[Row]:
    prompt = one.messages if style == MESSAGES else plain_text(one.messages)
    yield {"prompt": prompt, "risk_tags": one.risk_tags, **_of_prompt(one)}


def _sides(one: Judged, pair: PairPart, style: str) -> Row:
    winner, loser = pair.winner, pair.loser
    prompt, chosen = _written(one.prompt.messages, winner.messages, style)
    other, rejected = _written(one.prompt.messages, loser.messages, style)
    if prompt != other:  # one side is one reply, the other a longer dialogue
        prompt = f"{as_transcript(one.prompt.messages)}\n\nAssistant:"
        chosen, rejected = (
            as_transcript(side.messages).removeprefix("\n\nAssistant:") for side in (winner, loser)
        )
    return {
        "prompt": prompt,
        "chosen": chosen,
        "rejected": rejected,
        "chosen_id": winner.id,
        "rejected_id": loser.id,
        "chosen_generator": winner.generator,
        "rejected_generator": loser.generator,
        "chosen_by_person": winner.by_person,
        "rejected_by_person": loser.by_person,
        "chosen_finish": winner.finish,
        "rejected_finish": loser.finish,
    }


def _written(prompt: list[Message], completion: list[Message], style: str) -> tuple[Any, Any]:
    return (prompt, completion) if style == MESSAGES else as_texts(prompt, completion)


def plain_text(messages: list[Message]) -> str:
    return messages[0]["content"] if len(messages) == 1 else as_transcript(messages)


def _whole(response: ResponsePart) -> Row:
    return {
        "id": response.id,
        "generator": response.generator,
        "by_person": response.by_person,
        "messages": response.messages,
    }


def _writing(response: ResponsePart) -> Row:
    return {"id": response.id, "edited_from": response.edited_from, "messages": response.messages}


def of_judgment(one: Judged) -> Row:
    return {
        "judgment": one.id,
        "key": one.key,
        "annotator": one.annotator_id,
        "worker": one.worker,
        "arm": one.arm,
        "guideline_version": one.presentation.get("guideline_version"),
        "protocol_version": one.presentation.get("protocol_version"),
        "created_at": one.created_at,
        **_of_prompt(one.prompt),
    }


def _of_prompt(prompt: PromptPart) -> Row:
    return {
        "prompt_id": prompt.id,
        "split": prompt.split,
        "tags": prompt.tags,
        "licence": prompt.licence,
        "source": prompt.source,
    }
