"""The leak gate: what must not be shown is held back before anyone can be given it.

A response that says which model it is breaks blindness; one that carries an error or was cut off
wastes a judgment. The task is stored all the same, its slots withdrawn, and a lead decides.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.db.models import F

from labeling.core.errors import NotFound
from labeling.core.models import User
from labeling.core.services import audit
from labeling.messages import shown
from labeling.models import Generator, Hold, Project, Slot, Task, TaskResponse
from labeling.queue_rules import QueueRules
from labeling.services.announcing import announce

EXCERPT_AROUND = 60
MAX_DECIDED = 1000

# Said of nobody else, wherever it stands.
UNMISTAKABLE = (
    r"chatgpt|gpt-?[345](?:\.\d)?(?:o|-turbo|-mini)?|openai|anthropic"
    r"|mistral[- ](?:ai|\d|large|small|medium|instruct)"
    r"|claude[- ]?(?:[1-9]|instant|opus|sonnet|haiku)"
    r"|deepseek(?:-\w+)?|qwen[\d.]*|(?:code)?llama[- ]?[1-9]|mixtral|vicuna|wizardlm|lmsys"
    r"|gemini[- ](?:pro|ultra|flash|nano|\d)|gemma[- ]?\d|palm[- ]2|phi-[1-9]|grok-?\d|command[- ]r\+?"
)
MAKERS = (
    r"openai|anthropic|google(?: deepmind)?|meta(?: ai)?|microsoft|mistral(?: ai)?|alibaba|deepseek|cohere"
)
# Words of everyday language too, so they count only as a name somebody gives themselves.
NAMES = r"claude|gemini|gemma|llama|bard|grok|falcon|alpaca|koala|dolly|copilot|bing chat|mistral"
SELF = r"(?:i am|i'm|i’m|my name is|as|being) "
NAME_RULES = (
    rf"\b(?:{UNMISTAKABLE})(?!\w)",
    rf"\b(?:i am|i'm|i’m|my name is|call me) (?:{NAMES})\b",
    rf"\b(?:created|developed|made|built|trained|designed) by (?:{MAKERS})\b",
    rf"\b{SELF}(?:just |only )?(?:an? )?(?:large |ai |artificial intelligence )*language model\b",
    r"\bas an (?:ai|artificial intelligence)\b(?: (?:language )?(?:model|assistant))?",
)
ERROR_RULES = (
    r"traceback \(most recent call last\)",
    r"^\s+at [\w.$<>]+\([\w.]+\.\w+:\d+\)",
    r"\b(?:error|status|http)(?: code)?:? ?(?:4(?:00|01|03|04|08|29)|5(?:00|02|03|04))\b",
    r"\b(?:rate limit(?:ed| exceeded| reached)?|too many requests|quota exceeded|context length exceeded)\b",
    r"\b(?:internal server error|bad gateway|service unavailable|gateway time-?out)\b",
    r"\b(?:cuda )?out of memory\b",
    r"^\W*(?:network )?error\b.{0,40}\b(?:regenerat|try again|please retry)",
)
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Finding:
    """`rule` is "names_model", "error_text", "cut_off" or "phrase"."""

    rule: str
    response: int
    excerpt: str

    def dump(self) -> dict[str, object]:
        return {"rule": self.rule, "response": self.response, "excerpt": self.excerpt}


@dataclass(frozen=True, slots=True)
class Decided:
    changed: int


def hold_back(*, tasks: Sequence[Task], project: Project, rules: QueueRules, now: datetime) -> set[int]:
    """The ids of `tasks` that must not be shown, each with its Hold stored. In the transaction that
    creates them, before their slots."""
    if not rules.gate_is_on or not tasks:
        return set()
    found: dict[int, list[Finding]] = {}
    places = (
        TaskResponse.objects.filter(task__in=tasks)
        .select_related("response__generator", "task__prompt")
        .order_by("task_id", "position")
    )
    for place in places:
        findings = list(
            leaks(
                text=_text(place.response.messages),
                asked=_text(place.task.prompt.messages),
                finish=place.response.finish,
                generator=place.response.generator,
                rules=rules,
            )
        )
        found.setdefault(place.task_id, []).extend(
            Finding(rule, place.response_id, excerpt) for rule, excerpt in findings
        )
    held = {task_id: findings for task_id, findings in found.items() if findings}
    Hold.objects.bulk_create(
        Hold(
            project=project,
            task_id=task_id,
            findings=[finding.dump() for finding in findings],
            created_at=now,
        )
        for task_id, findings in held.items()
    )
    return set(held)


def leaks(
    *, text: str, asked: str, finish: str, generator: Generator | None, rules: QueueRules
) -> Iterable[tuple[str, str]]:
    """(rule, excerpt) for each rule the text breaks. What the person asked about by name is no leak."""
    if rules.hold_names and (excerpt := _named(text, asked, generator)):
        yield "names_model", excerpt
    if rules.hold_errors and (match := _any_of(ERROR_RULES).search(text)):
        yield "error_text", _around(text, match)
    if rules.hold_cut_off and (finish == "length" or _open_fence(text)):
        yield "cut_off", text[-2 * EXCERPT_AROUND :]
    if rules.hold_phrases and (match := _phrases(rules.hold_phrases).search(text)):
        yield "phrase", _around(text, match)


@transaction.atomic
def decide(
    *, actor: User, project: Project, task_ids: Collection[int], release: bool, now: datetime
) -> Decided:
    """Release held tasks into the queue, or reject them for good. Those decided before stay as they are."""
    # Cursors may stand behind the slots that come back: every search starts over.
    Project.objects.filter(pk=project.pk).update(queue_generation=F("queue_generation") + 1)
    holds = list(
        Hold.objects.select_for_update(of=("self",)).filter(
            project=project, task__in=task_ids, state=Hold.State.HELD
        )
    )
    if not holds and not Hold.objects.filter(project=project, task__in=task_ids).exists():
        raise NotFound("None of these tasks is held back: the list may be old, reload it.")
    state = Hold.State.RELEASED if release else Hold.State.REJECTED
    decided = Hold.objects.filter(pk__in=[hold.pk for hold in holds])
    decided.update(state=state, decided_by=actor, decided_at=now)
    if release:
        slots = Slot.objects.filter(task__in=[hold.task_id for hold in holds], state=Slot.State.OPEN)
        slots.update(withdrawn=False)
    for hold in holds:
        audit.record(
            actor=actor,
            action=f"hold.{state}",
            project_id=project.pk,
            obj=hold,
            data={"task": hold.task_id, "rules": sorted({finding["rule"] for finding in hold.findings})},
        )
    announce(project.pk)
    return Decided(len(holds))


def _named(text: str, asked: str, generator: Generator | None) -> str | None:
    asked = asked.lower()
    for match in _any_of(NAME_RULES).finditer(text):
        if match[0].lower() not in asked:
            return _around(text, match)
    for name in _own_names(generator):
        own = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE)
        if own and name.lower() not in asked:
            return _around(text, own)
    return None


def _own_names(generator: Generator | None) -> list[str]:
    """What this generator is called, where that is no ordinary word."""
    if generator is None or generator.kind == Generator.Kind.PERSON:
        return []
    return [
        name
        for name in {generator.name, generator.model_ref}
        if len(name) >= 4 and re.search(r"[a-z]", name, re.IGNORECASE) and re.search(r"\d", name)
    ]


def _open_fence(text: str) -> bool:
    """Whether a code block begins and never ends."""
    opened: str | None = None
    for fence in FENCE.findall(text):
        if opened is None:
            opened = fence
        elif fence[0] == opened[0] and len(fence) >= len(opened):
            opened = None
    return opened is not None


def _text(messages: Sequence[dict[str, Any]]) -> str:
    return "\n\n".join(message["content"] for message in shown(messages))


def _around(text: str, match: re.Match[str]) -> str:
    start, end = max(0, match.start() - EXCERPT_AROUND), match.end() + EXCERPT_AROUND
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")


@lru_cache
def _any_of(rules: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{rule})" for rule in rules), re.IGNORECASE | re.MULTILINE)


@lru_cache
def _phrases(phrases: tuple[str, ...]) -> re.Pattern[str]:
    """Phrases and not patterns: nobody's pattern can keep the server busy."""
    parts = [r"[^\n]{0,40}".join(map(re.escape, phrase.split("*"))) for phrase in phrases]
    return re.compile("|".join(rf"(?<!\w)(?:{part})(?!\w)" for part in parts), re.IGNORECASE)
