"""What a researcher asks for: one pydantic model for each kind of run, and one for a round.

The web side validates with these before anything is queued, the worker reads them again, and
their JSON Schema draws the launch forms. No Django and no torch here.
"""

from rlhf.specs.common import Endpoint, Lora, ModelName, ModelRef, Sampling, SnapshotRef, Spec, SplitName
from rlhf.specs.online import (
    GrpoTraining,
    ModelReward,
    OnlineTraining,
    PpoTraining,
    RemoteReward,
    RewardSource,
    RlooTraining,
    VerifierReward,
)
from rlhf.specs.rounds import Method, RoundEvaluation, RoundSampling, RoundSpec
from rlhf.specs.runs import (
    SPECS,
    DpoSpec,
    EvaluateSpec,
    GrpoSpec,
    KtoSpec,
    PpoSpec,
    RewardSpec,
    RlooSpec,
    RunSpec,
    SampleSpec,
    SftSpec,
)
from rlhf.specs.training import (
    SMOOTHED_LOSSES,
    DpoTraining,
    KtoTraining,
    PolicyTraining,
    RewardTraining,
    SftTraining,
    Training,
    WatchedTraining,
)

__all__ = [
    "SMOOTHED_LOSSES",
    "SPECS",
    "DpoSpec",
    "DpoTraining",
    "Endpoint",
    "EvaluateSpec",
    "GrpoSpec",
    "GrpoTraining",
    "KtoSpec",
    "KtoTraining",
    "Lora",
    "Method",
    "ModelName",
    "ModelRef",
    "ModelReward",
    "OnlineTraining",
    "PolicyTraining",
    "PpoSpec",
    "PpoTraining",
    "RemoteReward",
    "RewardSource",
    "RewardSpec",
    "RewardTraining",
    "RlooSpec",
    "RlooTraining",
    "RoundEvaluation",
    "RoundSampling",
    "RoundSpec",
    "RunSpec",
    "SampleSpec",
    "Sampling",
    "SftSpec",
    "SftTraining",
    "SnapshotRef",
    "Spec",
    "SplitName",
    "Training",
    "VerifierReward",
    "WatchedTraining",
]
