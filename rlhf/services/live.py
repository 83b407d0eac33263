"""News about runs and rounds, sent when the transaction commits."""

from __future__ import annotations

from django.db import transaction

from labeling.core import live
from rlhf.models import Round, Run


def run_changed(run: Run) -> None:
    """Its state, progress or outputs."""
    run_id, project_id = run.pk, run.project_id
    transaction.on_commit(lambda: live.publish(f"run.{run_id}", topic="run", id=run_id))
    transaction.on_commit(lambda: live.publish(f"project.{project_id}", topic="runs", id=run_id))


def run_reported(run: Run) -> None:
    """Metrics, log lines or progress."""
    run_id = run.pk
    transaction.on_commit(lambda: live.publish(f"run.{run_id}", topic="metrics", id=run_id))


def round_changed(changed: Round) -> None:
    round_id, project_id = changed.pk, changed.project_id
    transaction.on_commit(lambda: live.publish(f"project.{project_id}", topic="rounds", id=round_id))


def registry_changed(project_id: int) -> None:
    """Models or snapshots."""
    transaction.on_commit(lambda: live.publish(f"project.{project_id}", topic="runs"))
