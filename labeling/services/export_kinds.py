"""The kinds of export: what each is for, the columns it has, and what makes its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from labeling.services import export_rows as rows
from labeling.services import export_tools as tools
from labeling.services.export_rows import MESSAGES, TEXT, Row


@dataclass(frozen=True, slots=True)
class Kind:
    """`columns` by the word for their type (services/export_files.py); `of` is what one row is made
    from; `styles` are how its texts may be written, the default first. A kind that `trains` leaves out
    what must not be trained on, unless it is asked for by its arm."""

    name: str
    summary: str
    columns: dict[str, str]
    rows: Callable[..., Iterator[Row]]
    of: str = "judgment"
    styles: Sequence[str] = (MESSAGES,)
    trains: bool = False


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
    "chosen_finish": "text",
    "rejected_finish": "text",
}
BOTH = (MESSAGES, TEXT)
KINDS = {
    one.name: one
    for one in (
        Kind(
            "judgments",
            "What was said, whole: everybody's last word on every task, but for what a reviewer sent back.",
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
                "written": "json",
                "active_seconds": "float",
                "surplus": "flag",
                "presentation": "json",
                "risk_tags": "words",
            }
            | OF_JUDGMENT,
            rows.judgment,
        ),
        Kind(
            "comparisons",
            "The pairs that follow from the judgments, ties included, in which chosen and rejected are "
            "merely the two sides.",
            {"prompt": "messages", "chosen": "messages", "rejected": "messages"}
            | {"tie": "flag", "strength": "int", "from_edit": "flag"}
            | SIDES
            | OF_JUDGMENT,
            rows.comparison,
        ),
        Kind(
            "preferences",
            "TRL's explicit preferences: prompt, chosen, rejected; ties are left out.",
            {"prompt": "texts", "chosen": "texts", "rejected": "texts"}
            | {"strength": "int", "from_edit": "flag"}
            | SIDES
            | OF_JUDGMENT,
            rows.preference,
            styles=BOTH,
            trains=True,
        ),
        Kind(
            "hh",
            "Whole transcripts, chosen and rejected, as Anthropic's HH; for RewardTrainer.",
            {"chosen": "text", "rejected": "text"} | OF_JUDGMENT,
            rows.hh,
            styles=(TEXT,),
            trains=True,
        ),
        Kind(
            "unpaired",
            "TRL's unpaired preferences (KTO): prompt, completion, label.",
            {"prompt": "texts", "completion": "texts", "label": "flag"}
            | {"from_verdict": "flag", "response_id": "int", "generator": "text"}
            | OF_JUDGMENT,
            rows.unpaired,
            styles=BOTH,
            trains=True,
        ),
        Kind(
            "rankings",
            "K-wise: prompt, answers with model and rank; equal ranks are ties.",
            {"prompt": "text", "answers": "answers"} | OF_JUDGMENT,
            rows.ranking,
            styles=(TEXT,),
            trains=True,
        ),
        Kind(
            "demonstrations",
            "What people wrote: prompt, completion, for SFT.",
            {"prompt": "texts", "completion": "texts"}
            | {"response_id": "int", "generator": "text", "edited_from": "int"}
            | {"judgment": "int", "annotator": "int", "created_at": "time"}
            | OF_PROMPT,
            rows.demonstration,
            of="demonstration",
            styles=BOTH,
            trains=True,
        ),
        Kind(
            "prompts",
            "Prompts alone, for GRPO, RLOO and sampling.",
            {"prompt": "texts", "risk_tags": "words"} | OF_PROMPT,
            rows.prompt_only,
            of="prompt",
            styles=BOTH,
        ),
        Kind(
            "argilla",
            "Argilla's records: fields, and a ranking question's responses, users and status.",
            {},
            tools.argilla,
            styles=(TEXT,),
        ),
        Kind(
            "label-studio",
            "Label Studio's tasks with annotations; with format=list a file that it imports.",
            {},
            tools.label_studio,
            styles=(TEXT,),
        ),
    )
}
