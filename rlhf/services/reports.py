"""What a worker is told, and what it tells while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

from django.db import transaction
from django.db.models import Max
from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter, ValidationError

from labeling.core.errors import Conflict, DomainError
from rlhf.models import MetricPoint, ModelVersion, Run, RunLogLine, Snapshot
from rlhf.selectors import models as model_selectors
from rlhf.services import live, run_files, runs
from rlhf.services.validation import storable

HEARTBEAT_SECONDS = 5
MAX_LINE_LENGTH = 8000
MAX_EVENTS = 5000
Step = Annotated[int, Field(ge=0, le=2_000_000_000)]


class _Event(BaseModel):
    seq: int = Field(ge=1, le=2_000_000_000)
    at: AwareDatetime


class MetricsEvent(_Event):
    type: Literal["metrics"]
    step: Step
    # Null stands for what is no finite number; it is left out.
    values: dict[Annotated[str, Field(max_length=120)], float | None]


class LogEvent(_Event):
    type: Literal["log"]
    line: str


class ProgressEvent(_Event):
    type: Literal["progress"]
    step: Step
    num_steps: Step | None = None


class EnvironmentEvent(_Event):
    type: Literal["environment"]
    values: dict[str, Any]


class CheckpointEvent(_Event):
    type: Literal["checkpoint"]
    step: Step
    files: list[str] = Field(min_length=1)


Event = Annotated[
    MetricsEvent | LogEvent | ProgressEvent | EnvironmentEvent | CheckpointEvent, Field(discriminator="type")
]
EVENTS = TypeAdapter(list[Event])


class Receipt(NamedTuple):
    last_seq: int
    cancel: bool


def assignment(*, run: Run, now: datetime) -> dict[str, Any]:
    """Everything the worker needs to begin, or to go on after an attempt that died."""
    runs.greet(run=run, now=now)
    last_step = run.metric_points.aggregate(last=Max("step"))["last"] or 0
    known = run.metric_points.filter(step=last_step).order_by("key").values_list("key", flat=True)
    return {
        "id": run.pk,
        "kind": run.kind,
        "attempt": run.attempt,
        "spec": run.spec,
        "models": _models(run),
        "snapshot": _snapshot(run),
        "checkpoint": run.checkpoint,
        "last_seq": run.last_seq,
        "last_step": last_step,
        "last_step_metrics": list(known),
        "heartbeat_seconds": HEARTBEAT_SECONDS,
    }


def heartbeat(*, run: Run, now: datetime) -> bool:
    """True when the worker is to stop."""
    runs.greet(run=run, now=now)
    return run.cancel_requested


def take_events(*, run: Run, first_seq: int, raw: Sequence[Any], now: datetime) -> Receipt:
    """Apply a numbered batch once: what is known already is passed over, a gap is refused."""
    events = _parsed(first_seq, raw)
    runs.greet(run=run, now=now)
    with transaction.atomic():
        locked = Run.objects.select_for_update().get(pk=run.pk)
        if locked.attempt != run.attempt or locked.state != Run.State.RUNNING:
            raise runs.dead_token()
        if first_seq > locked.last_seq + 1:
            raise Conflict(
                f"Events {locked.last_seq + 1} to {first_seq - 1} are missing: send them first.",
                code="gap",
                fields={"expected": locked.last_seq + 1},
            )
        new = [event for event in events if event.seq > locked.last_seq]
        if new:
            _apply(locked, new)
            live.run_reported(locked)
    return Receipt(locked.last_seq, locked.cancel_requested)


def _parsed(first_seq: int, raw: Sequence[Any]) -> list[Any]:
    if len(raw) > MAX_EVENTS:
        raise DomainError(f"Send at most {MAX_EVENTS} events at once.", code="too_many_events", status=413)
    try:
        events = EVENTS.validate_python(raw)
    except ValidationError as problem:
        first = problem.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise DomainError(f"Event {place} is malformed: {first['msg']}.", code="bad_event") from problem
    if any(event.seq != first_seq + place for place, event in enumerate(events)):
        raise DomainError("Number the events of a batch one by one from first_seq.", code="bad_event")
    return events


def _apply(run: Run, events: Sequence[Any]) -> None:
    points: list[MetricPoint] = []
    lines: list[RunLogLine] = []
    for event in events:
        match event:
            case MetricsEvent():
                points += _points(run, event)
            case LogEvent():
                line = storable(event.line)[:MAX_LINE_LENGTH]
                lines.append(RunLogLine(run=run, attempt=run.attempt, seq=event.seq, at=event.at, line=line))
            case ProgressEvent():
                run.step, run.num_steps = event.step, event.num_steps or run.num_steps
            case EnvironmentEvent():
                run.environment = {**run.environment, **storable(event.values)}
            case CheckpointEvent():
                run_files.set_checkpoint(run=run, step=event.step, names=event.files)
    # A step reported by an earlier attempt stands: resumed runs go over it again.
    MetricPoint.objects.bulk_create(points, ignore_conflicts=True, batch_size=500)
    RunLogLine.objects.bulk_create(lines, ignore_conflicts=True, batch_size=500)
    run.last_seq = events[-1].seq
    run.save(update_fields=["step", "num_steps", "environment", "checkpoint", "last_seq"])


def _points(run: Run, event: MetricsEvent) -> list[MetricPoint]:
    return [
        MetricPoint(run=run, key=storable(key), step=event.step, value=value, at=event.at)
        for key, value in event.values.items()
        if value is not None and value - value == 0  # neither NaN nor infinite
    ]


def _models(run: Run) -> dict[str, Any]:
    read = model_selectors.read_by(run=run)

    def described(model: ModelVersion) -> dict[str, Any]:
        base = read[model.parent_id] if model.is_adapter and model.parent_id else None
        return _model(model) | {"base": base and described(base)}

    found = {number: described(read[number]) for number in run.model_ids}
    told: dict[str, Any] = {
        name: [found.get(number) for number in used] if isinstance(used, list) else found[used]
        for name, used in run.inputs["models"].items()
    }
    if "critic_from" in told:  # of that model only the critic is read
        files = read[run.inputs["models"]["critic_from"]].critic_files
        told["critic_from"] = {**told["critic_from"], "files": files, "base": None}
    return told


def _model(model: ModelVersion) -> dict[str, Any]:
    return {
        "id": model.pk,
        "ref": str(model),
        "kind": model.kind,
        "source": model.source,
        "files": model.files,
    }


def _snapshot(run: Run) -> dict[str, Any] | None:
    snapshot = Snapshot.objects.filter(pk=run.inputs.get("snapshot")).first()
    if snapshot is None:
        return None
    return {"id": snapshot.pk, "kind": snapshot.kind, "digest": snapshot.digest, "files": snapshot.files}
