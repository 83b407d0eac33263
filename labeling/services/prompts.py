"""Prompts, and the responses stored under them, each once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from labeling.messages import Message, content_hash, root_hash
from labeling.models import Project, Prompt, Response
from labeling.models.prompts import Split
from labeling.services.chunks import chunks

CHUNK = 400


@dataclass(frozen=True, slots=True)
class PromptDraft:
    messages: list[Message]
    tags: list[str] = field(default_factory=list)
    risk_tags: list[str] = field(default_factory=list)
    licence: str = ""
    source: str = ""


@dataclass(slots=True)
class AddedPrompts:
    """`ids` by content hash, of every prompt asked for; `num_known` were there before."""

    ids: dict[str, int] = field(default_factory=dict)
    num_created: int = 0
    num_known: int = 0


@dataclass(frozen=True, slots=True)
class ResponseText:
    prompt_id: int
    generator_id: int
    messages: list[Message]
    hash: str
    finish: str = ""


def split_of(root_hash: str, validation_percent: int, test_percent: int) -> str:
    """The split of every prompt of the conversation with this root, today and later."""
    place = int(root_hash[:12], 16) % 100
    if place < test_percent:
        return Split.TEST
    if place < test_percent + validation_percent:
        return Split.VALIDATION
    return Split.TRAIN


def add_prompts(*, project: Project, rows: Iterable[PromptDraft], now: datetime) -> AddedPrompts:
    """Store what is new. A known prompt keeps its first tags, licence and source."""
    added = AddedPrompts()
    with transaction.atomic():
        for chunk in chunks(rows, CHUNK):
            _add_chunk(project, chunk, added, now)
    return added


def _add_chunk(project: Project, drafts: Sequence[PromptDraft], added: AddedPrompts, now: datetime) -> None:
    by_hash: dict[str, PromptDraft] = {}
    for draft in drafts:
        by_hash.setdefault(content_hash(draft.messages), draft)
    missing = by_hash.keys() - added.ids.keys()
    known = _ids_by_hash(project, missing)
    new = [_prompt(project, by_hash[hash], hash, now) for hash in by_hash if hash in missing - known.keys()]
    if new:
        # Another import may have stored the same text meanwhile: its row stands.
        Prompt.objects.bulk_create(new, ignore_conflicts=True)
        known |= _ids_by_hash(project, {prompt.hash for prompt in new})
    added.ids |= known
    added.num_created += len(new)
    added.num_known += len(drafts) - len(new)


def _ids_by_hash(project: Project, hashes: Iterable[str]) -> dict[str, int]:
    return dict(Prompt.objects.filter(project=project, hash__in=hashes).values_list("hash", "id"))


def _prompt(project: Project, draft: PromptDraft, hash: str, now: datetime) -> Prompt:
    root = root_hash(draft.messages)
    return Prompt(
        project=project,
        messages=draft.messages,
        hash=hash,
        root_hash=root,
        split=split_of(root, project.validation_percent, project.test_percent),
        tags=draft.tags,
        risk_tags=draft.risk_tags,
        licence=draft.licence,
        source=draft.source,
        created_at=now,
    )


def store_responses(
    *, texts: Sequence[ResponseText], now: datetime
) -> tuple[dict[tuple[int, int, str], int], int]:
    """Ids by (prompt, generator, hash), each text once, and how many are new."""
    wanted = {(text.prompt_id, text.generator_id, text.hash): text for text in texts}
    known = _response_ids(wanted)
    new = [
        Response(
            prompt_id=text.prompt_id,
            generator_id=text.generator_id,
            messages=text.messages,
            hash=text.hash,
            finish=text.finish,
            created_at=now,
        )
        for key, text in wanted.items()
        if key not in known
    ]
    if new:
        Response.objects.bulk_create(new, ignore_conflicts=True)
        known = _response_ids(wanted)
    return known, len(new)


def _response_ids(wanted: dict[tuple[int, int, str], ResponseText]) -> dict[tuple[int, int, str], int]:
    stored = Response.objects.filter(prompt_id__in={key[0] for key in wanted}).values_list(
        "prompt_id", "generator_id", "hash", "id"
    )
    return {(p, g, h): id for p, g, h, id in stored if (p, g, h) in wanted}
