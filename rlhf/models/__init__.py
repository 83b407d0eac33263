"""The RLHF side's tables. Rules live in services; these hold shape and constraints only."""

from rlhf.models.registry import Evaluation, ModelVersion
from rlhf.models.rounds import Round, RoundStep
from rlhf.models.runs import MetricPoint, Run, RunFile, RunLogLine
from rlhf.models.snapshots import Snapshot, SnapshotJudgment

__all__ = [
    "Evaluation",
    "MetricPoint",
    "ModelVersion",
    "Round",
    "RoundStep",
    "Run",
    "RunFile",
    "RunLogLine",
    "Snapshot",
    "SnapshotJudgment",
]
