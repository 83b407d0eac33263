"""The RLHF side's tables. Rules live in services; these hold shape and constraints only."""

from rlhf.models.dispatch import DispatcherLease
from rlhf.models.registry import Evaluation, ModelVersion
from rlhf.models.rounds import Round, RoundDefaults, RoundStep
from rlhf.models.runs import MetricPoint, Run, RunFile, RunLogLine, model_ids
from rlhf.models.snapshots import Snapshot, SnapshotJudgment

__all__ = [
    "DispatcherLease",
    "Evaluation",
    "MetricPoint",
    "ModelVersion",
    "Round",
    "RoundDefaults",
    "RoundStep",
    "Run",
    "RunFile",
    "RunLogLine",
    "Snapshot",
    "SnapshotJudgment",
    "model_ids",
]
