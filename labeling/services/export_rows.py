"""What each export makes of a judgment: one function for each kind, and the columns it has.

Every row of a TRL format carries an explicit prompt: splitting it off two completions goes wrong where
one begins with the other. HH, whose rows are whole transcripts by definition, is the one exception.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from labeling.messages import Message
from labeling.models.judgments import Verdict
from labeling.pairs import pairs_of
from labeling.selectors.exports import Judged, PairPart, PromptPart, Written
from labeling.services.transcripts import as_texts, as_transcript

Row = dict[str, Any]
MESSAGES, TEXT = "messages", "text"


@dataclass(frozen=True, slots=True)
class Kind:
    """`columns` by the word for their type (services/export_files.py); `of` is what one row is made
    from; `styles` are how its texts may be written, the default first."""

    name: str
    summary: str
    columns: dict[str, str]
    rows: Callable[..., Iterator[Row]]
    of: str = "judgment"
    styles: Sequence[str] = (MESSAGES,)


OF_PROMPT = {
    "prompt_id": "int",
    "split": "text",
    "tags": "words",
    "licence": "text",
    "source": "text",
}
OF_JUDGMENT = {
    "judgment": "int",
    "key": "text",
    "annotator": "int",
    "worker": "text",
    "arm": "text",
    "guideline_version": "int",
    "protocol_version": "int",
    "created_at": "time",
} | OF_PROMPT
SIDES = {
    "chosen_id": "int",
    "rejected_id": "int",
    "chosen_generator": "text",
    "rejected_generator": "text",
    "chosen_by_person": "flag",
    "rejected_by_person": "flag",
}


def judgment(one: Judged, style: str) -> Iterator[Row]:
    yield {
        "prompt": one.prompt.messages,
        "responses": [_whole(one, response_id) for response_id in one.response_ids],
        "tiers": one.tiers,
        **one.said,
        "presentation": one.presentation,
        "risk_tags": one.prompt.risk_tags,
        **_of_judgment(one),
    }


def comparison(one: Judged, style: str) -> Iterator[Row]:
    for pair in _pairs(one):
        yield {
            **_sides(one, pair, MESSAGES),
            "tie": pair.is_tie,
            "strength": pair.strength,
            "comparison": pair.id or None,
            **_of_judgment(one),
        }


def preference(one: Judged, style: str) -> Iterator[Row]:
    for pair in _pairs(one):
        if not pair.is_tie:
            yield {**_sides(one, pair, style), "strength": pair.strength, **_of_judgment(one)}


def hh(one: Judged, style: str) -> Iterator[Row]:
    for pair in _pairs(one):
        chosen, rejected = (one.responses[side].messages for side in (pair.winner, pair.loser))
        everything = [*one.prompt.messages, *chosen, *rejected]
        if not pair.is_tie and all(message["role"] in ("user", "assistant") for message in everything):
            yield {
                "chosen": as_transcript([*one.prompt.messages, *chosen]),
                "rejected": as_transcript([*one.prompt.messages, *rejected]),
                **_of_judgment(one),
            }


def unpaired(one: Judged, style: str) -> Iterator[Row]:
    """Good are both of “both good” and the first place of a ranking, bad both of “both bad” and the
    last; what lies between says neither."""
    verdict = one.said["verdict"]
    if verdict in (Verdict.BOTH_GOOD, Verdict.BOTH_BAD):
        labelled = [(response_id, verdict == Verdict.BOTH_GOOD) for response_id in one.response_ids]
    elif verdict == Verdict.NONE and len(one.tiers) > 1:
        labelled = [(response_id, True) for response_id in one.tiers[0]]
        labelled += [(response_id, False) for response_id in one.tiers[-1]]
    else:
        labelled = []
    for response_id, label in labelled:
        prompt, completion = _written(one.prompt.messages, one.responses[response_id].messages, style)
        yield {
            "prompt": prompt,
            "completion": completion,
            "label": label,
            "response_id": response_id,
            "generator": one.responses[response_id].generator,
            **_of_judgment(one),
        }


def ranking(one: Judged, style: str) -> Iterator[Row]:
    if len(one.response_ids) < 2 or not one.tiers:
        return
    ranks = {response_id: rank for rank, tier in enumerate(one.tiers, start=1) for response_id in tier}
    answers = [
        {
            "answer": _last_text(one.responses[response_id].messages),
            "model": one.responses[response_id].generator,
            "rank": rank,
        }
        for response_id, rank in sorted(ranks.items(), key=lambda entry: (entry[1], entry[0]))
    ]
    yield {"prompt": _prompt_text(one.prompt.messages), "answers": answers, **_of_judgment(one)}


def demonstration(one: Written, style: str) -> Iterator[Row]:
    prompt, completion = _written(one.prompt.messages, one.response.messages, style)
    yield {
        "prompt": prompt,
        "completion": completion,
        "response_id": one.response.id,
        "generator": one.response.generator,
        "edited_from": one.response.edited_from,
        "created_at": one.created_at,
        **_of_prompt(one.prompt),
    }


def prompt_only(one: PromptPart, style: str) -> Iterator[Row]:
    prompt = one.messages if style == MESSAGES else _prompt_text(one.messages)
    yield {"prompt": prompt, "risk_tags": one.risk_tags, **_of_prompt(one)}


def argilla(one: Judged, style: str) -> Iterator[Row]:
    """A record for each judgment, its fields as texts and its question “ranking”."""
    texts = {name: _last_text(one.responses[id].messages) for name, id in _named(one).items()}
    ranks = _ranks(one)
    answer = [{"value": name, "rank": ranks[id]} for name, id in _named(one).items() if id in ranks]
    yield {
        "id": str(one.id),
        "prompt": _prompt_text(one.prompt.messages),
        **texts,
        "ranking.responses": [answer],
        "ranking.responses.users": [one.worker],
        "ranking.responses.status": ["submitted"],
        **_of_judgment(one),
    }


def label_studio(one: Judged, style: str) -> Iterator[Row]:
    """A task for each judgment: pairwise where one of two was better, a ranker with a bucket for each
    place otherwise."""
    named = _named(one)
    names = {id: name for name, id in named.items()}
    texts = {name: _last_text(one.responses[id].messages) for name, id in named.items()}
    if len(named) == 2 and len(one.tiers) == 2:
        side = "left" if one.tiers[0][0] == one.response_ids[0] else "right"
        result = {"type": "pairwise", "to_name": ",".join(named), "value": {"selected": side}}
    else:
        places = {str(place): [names[id] for id in tier] for place, tier in enumerate(one.tiers, start=1)}
        result = {"type": "ranker", "to_name": "items", "value": {"ranker": places}}
    of_judgment = _of_judgment(one)
    yield {
        "id": one.id,
        "data": {
            "prompt": _prompt_text(one.prompt.messages),
            "items": [{"id": name, "body": text} for name, text in texts.items()],
            **{name: of_judgment[name] for name in OF_PROMPT if name != "prompt_id"},
        },
        "annotations": [
            {
                "id": one.id,
                "completed_by": one.worker,
                "result": [{"id": str(one.id), "from_name": "ranking", "source": "$items", **result}],
                "was_cancelled": one.said["verdict"] == Verdict.CANNOT_JUDGE,
                "ground_truth": False,
                "created_at": one.created_at,
                "lead_time": one.said["active_seconds"],
            }
        ],
        "predictions": [],
        "meta": of_judgment,
    }


def _pairs(one: Judged) -> Sequence[PairPart]:
    if one.pairs is not None or one.said["verdict"] == Verdict.CANNOT_JUDGE:
        return one.pairs or ()
    return [
        PairPart(one.id, 0, pair.winner, pair.loser, pair.is_tie, pair.strength)
        for pair in pairs_of(one.tiers, one.said["strengths"])
    ]


def _sides(one: Judged, pair: PairPart, style: str) -> Row:
    winner, loser = one.responses[pair.winner], one.responses[pair.loser]
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
    }


def _written(prompt: list[Message], completion: list[Message], style: str) -> tuple[Any, Any]:
    return (prompt, completion) if style == MESSAGES else as_texts(prompt, completion)


def _prompt_text(messages: list[Message]) -> str:
    return messages[0]["content"] if len(messages) == 1 else as_transcript(messages)


def _last_text(messages: list[Message]) -> str:
    return messages[0]["content"] if len(messages) == 1 else as_transcript(messages)


def _whole(one: Judged, response_id: int) -> Row:
    response = one.responses[response_id]
    return {
        "id": response.id,
        "generator": response.generator,
        "by_person": response.by_person,
        "messages": response.messages,
    }


def _named(one: Judged) -> dict[str, int]:
    return {f"response-{place}": id for place, id in enumerate(one.response_ids, start=1)}


def _ranks(one: Judged) -> dict[int, int]:
    return {id: rank for rank, tier in enumerate(one.tiers, start=1) for id in tier}


def _of_judgment(one: Judged) -> Row:
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


def json_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


BOTH = (MESSAGES, TEXT)
KINDS = {
    one.name: one
    for one in (
        Kind(
            "judgments",
            "Everybody's last word on every task, whole.",
            {
                "prompt": "messages",
                "responses": "responses",
                "tiers": "tiers",
                "verdict": "text",
                "strengths": "ints",
                "criteria": "json",
                "reasons": "words",
                "comment": "text",
                "spans": "json",
                "active_seconds": "float",
                "surplus": "flag",
                "presentation": "json",
                "risk_tags": "words",
            }
            | OF_JUDGMENT,
            judgment,
        ),
        Kind(
            "comparisons",
            "The pairs that follow from the judgments, ties included, in which chosen and rejected are "
            "merely the two sides.",
            {"prompt": "messages", "chosen": "messages", "rejected": "messages"}
            | {"tie": "flag", "strength": "int", "comparison": "int"}
            | SIDES
            | OF_JUDGMENT,
            comparison,
        ),
        Kind(
            "preferences",
            "TRL's explicit preferences: prompt, chosen, rejected; ties are left out.",
            {"prompt": "texts", "chosen": "texts", "rejected": "texts", "strength": "int"}
            | SIDES
            | OF_JUDGMENT,
            preference,
            styles=BOTH,
        ),
        Kind(
            "hh",
            "Whole transcripts, chosen and rejected, as Anthropic's HH; for RewardTrainer.",
            {"chosen": "text", "rejected": "text"} | OF_JUDGMENT,
            hh,
            styles=(TEXT,),
        ),
        Kind(
            "unpaired",
            "TRL's unpaired preferences (KTO): prompt, completion, label.",
            {"prompt": "texts", "completion": "texts", "label": "flag"}
            | {"response_id": "int", "generator": "text"}
            | OF_JUDGMENT,
            unpaired,
            styles=BOTH,
        ),
        Kind(
            "rankings",
            "K-wise: prompt, answers with model and rank; equal ranks are ties.",
            {"prompt": "text", "answers": "answers"} | OF_JUDGMENT,
            ranking,
            styles=(TEXT,),
        ),
        Kind(
            "demonstrations",
            "What people wrote: prompt, completion, for SFT.",
            {"prompt": "texts", "completion": "texts"}
            | {"response_id": "int", "generator": "text", "edited_from": "int", "created_at": "time"}
            | OF_PROMPT,
            demonstration,
            of="demonstration",
            styles=BOTH,
        ),
        Kind(
            "prompts",
            "Prompts alone, for GRPO, RLOO and sampling.",
            {"prompt": "texts", "risk_tags": "words"} | OF_PROMPT,
            prompt_only,
            of="prompt",
            styles=BOTH,
        ),
        Kind(
            "argilla",
            "Argilla's records: fields, and a ranking question's responses, users and status.",
            {},
            argilla,
            styles=(TEXT,),
        ),
        Kind(
            "label-studio",
            "Label Studio's tasks with annotations; with format=list a file that it imports.",
            {},
            label_studio,
            styles=(TEXT,),
        ),
    )
}
