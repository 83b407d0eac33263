"""The only place that moves a run's state.

Each move is one guarded UPDATE or happens under the run's row lock, so two processes that want
the same run cannot both have it. A token is good for one attempt: whatever ends the attempt
takes the token away.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, Value
from django.db.models.functions import Coalesce

from labeling.core.errors import Conflict, DomainError
from labeling.core.services import audit
from labeling.services.notifications import notify
from rlhf.models import Run, RunLogLine
from rlhf.services import live, outputs, run_files
from rlhf.services.validation import storable

State = Run.State
TRANSITIONS: Mapping[str, frozenset[str]] = {
    State.QUEUED: frozenset({State.STARTING, State.CANCELLED}),
    State.STARTING: frozenset({State.RUNNING, State.QUEUED, State.FAILED, State.CANCELLED}),
    State.RUNNING: frozenset({State.SUCCEEDED, State.QUEUED, State.FAILED, State.CANCELLED}),
    State.SUCCEEDED: frozenset(),
    State.FAILED: frozenset({State.QUEUED}),
    State.CANCELLED: frozenset({State.QUEUED}),
}
ACTIVE = (State.STARTING, State.RUNNING)
FINISHED = (State.SUCCEEDED, State.FAILED, State.CANCELLED)
TOKEN_PREFIX = "plr_"
MAX_ERROR_LENGTH = 2000


class Claim(NamedTuple):
    run: Run
    token: str


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def move(run: Run, to: str, **changes: Any) -> bool:
    """Take `run` from the state and attempt it was read in to `to`; False if it moved meanwhile."""
    if to not in TRANSITIONS[run.state]:
        raise Conflict(f"Run {run.pk} is {run.state}, so it cannot become {to}: reload to see it.")
    guard = Run.objects.filter(pk=run.pk, state=run.state, attempt=run.attempt)
    with transaction.atomic():
        moved = guard.update(state=to, **changes) == 1
        if moved:
            live.run_changed(run)
            if to in FINISHED:
                _tell(run, to, changes)
    if moved:
        run.refresh_from_db()
    return moved


def _tell(run: Run, state: str, changes: Mapping[str, Any]) -> None:
    """Mail and webhooks, in the transaction of the end itself."""
    data = {"run": run.pk, "kind": run.kind, "state": str(state), "error": changes.get("error", "")}
    notify(run.project, "run.finished", data, now=changes.get("finished_at"), to=run.created_by)


def claim(*, executor: str, now: datetime) -> Claim | None:
    """Take the oldest queued run and make the token of its attempt; None when there is none.

    Safe under concurrency: a claim is one guarded UPDATE, so a lost race costs another look.
    """
    while run := Run.objects.filter(state=State.QUEUED, executor=executor).order_by("id").first():
        token = TOKEN_PREFIX + secrets.token_urlsafe(32)
        if move(
            run,
            State.STARTING,
            token_digest=digest(token),
            executor_ref="",
            heartbeat_at=now,
            last_seq=0,
            started_at=Coalesce("started_at", Value(now), output_field=DateTimeField()),
        ):
            return Claim(run, token)
    return None


def note_submitted(*, run: Run, ref: str, environment: Mapping[str, Any]) -> None:
    """Remember how the executor finds the process, unless the attempt is over already."""
    with transaction.atomic():
        locked = _locked(run)
        if locked.attempt == run.attempt:
            locked.executor_ref = ref
            locked.environment = {**locked.environment, **environment}
            locked.save(update_fields=["executor_ref", "environment"])


def greet(*, run: Run, now: datetime) -> None:
    """A sign of life from the worker; the first one makes the run running."""
    if run.state == State.STARTING:
        move(run, State.RUNNING, heartbeat_at=now)
    else:
        Run.objects.filter(pk=run.pk, attempt=run.attempt, state=State.RUNNING).update(heartbeat_at=now)


def finish(
    *, run: Run, outcome: str, now: datetime, result: Mapping[str, Any] | None = None, error: str = ""
) -> str:
    """What the worker reports at its end; the state that follows. Reporting twice changes nothing.

    A success registers what the run made in the same transaction; what is unusable fails the run.
    """
    with transaction.atomic():
        locked = _locked(run)
        if locked.attempt != run.attempt or locked.token_digest != run.token_digest:
            raise dead_token()
        if locked.state in FINISHED:
            return locked.state
        if locked.state == State.STARTING:
            move(locked, State.RUNNING, heartbeat_at=now)
        if outcome == State.SUCCEEDED:
            try:
                with transaction.atomic():
                    made = outputs.register(run=locked, result=storable(result or {}), now=now)
                    run_files.forget_checkpoints(run=locked)
                    move(locked, State.SUCCEEDED, result=made, checkpoint=None, finished_at=now, error="")
            except DomainError as problem:
                outcome, error = State.FAILED, problem.message
        if outcome == State.FAILED:
            sentence = storable(error)[:MAX_ERROR_LENGTH] or "The worker gave no reason: read the log."
            move(locked, State.FAILED, error=sentence, finished_at=now)
        if outcome == State.CANCELLED:
            move(locked, State.CANCELLED, finished_at=now)
        return locked.state


def cancel(*, run: Run, user: Any, now: datetime) -> Run:
    """A queued run ends at once; an active one is asked to stop and the dispatcher sees to it."""
    with transaction.atomic():
        locked = _locked(run)
        if locked.state in FINISHED:
            raise Conflict(f"Run {run.pk} is already {locked.state}: there is nothing to cancel.")
        audit.record(actor=user, action="run.cancelled", project_id=run.project_id, obj=run)
        if locked.state == State.QUEUED:
            move(locked, State.CANCELLED, cancel_requested=True, finished_at=now)
        else:
            locked.cancel_requested = True
            locked.save(update_fields=["cancel_requested"])
            live.run_changed(locked)
    return locked


def retry(*, run: Run, user: Any, now: datetime) -> Run:
    """Queue a failed or cancelled run again; it goes on from its last checkpoint."""
    with transaction.atomic():
        locked = _locked(run)
        if locked.state not in (State.FAILED, State.CANCELLED):
            raise Conflict(f"Run {run.pk} is {locked.state}: only a failed or cancelled run can be retried.")
        audit.record(actor=user, action="run.retried", project_id=run.project_id, obj=run)
        _requeue(locked, num_deaths=0)
    return locked


def lost(*, run: Run, reason: str, now: datetime) -> None:
    """The process of this attempt is gone without a word: try again, or give up.

    Nothing happens when the run was finished, retried or cancelled meanwhile.
    """
    with transaction.atomic():
        locked = _locked(run)
        if locked.attempt != run.attempt or locked.state not in ACTIVE:
            return
        if locked.cancel_requested:
            move(locked, State.CANCELLED, token_digest="", finished_at=now)
            return
        num_deaths = locked.num_deaths + 1
        RunLogLine.objects.create(
            run=locked, attempt=locked.attempt, seq=locked.last_seq + 1, at=now, line=reason
        )
        if num_deaths < settings.MAX_ATTEMPTS:
            _requeue(locked, num_deaths=num_deaths)
        else:
            tries = f"The run died {num_deaths} times and is given up. " if num_deaths > 1 else ""
            move(
                locked,
                State.FAILED,
                num_deaths=num_deaths,
                token_digest="",
                error=(tries + reason)[:MAX_ERROR_LENGTH],
                finished_at=now,
            )


def put_back(*, run: Run, now: datetime) -> None:
    """The dispatcher stops and ended the process itself: that is no death of the run's own."""
    with transaction.atomic():
        locked = _locked(run)
        if locked.attempt != run.attempt or locked.state not in ACTIVE:
            return
        if locked.cancel_requested:
            move(locked, State.CANCELLED, token_digest="", finished_at=now)
        else:
            _requeue(locked, num_deaths=locked.num_deaths)


def dead_token() -> DomainError:
    return DomainError(
        "This run token is no longer good: the attempt it belongs to is over, so stop.",
        code="run_token_dead",
        status=401,
    )


def _requeue(locked: Run, *, num_deaths: int) -> None:
    move(
        locked,
        State.QUEUED,
        attempt=locked.attempt + 1,
        num_deaths=num_deaths,
        token_digest="",
        executor_ref="",
        cancel_requested=False,
        heartbeat_at=None,
        last_seq=0,
        finished_at=None,
        error="",
    )


def _locked(run: Run) -> Run:
    return Run.objects.select_for_update(of=("self",)).select_related("project").get(pk=run.pk)
