"""The labeling side's tables. Rules live in services; these hold shape and constraints only."""

from labeling.models.judgments import Comparison, Judgment
from labeling.models.projects import Annotator, GuidelineVersion, Membership, Project
from labeling.models.prompts import Generator, Prompt, Response
from labeling.models.quality import (
    Adjudication,
    AnnotatorReliability,
    GoldAnswer,
    GuidelineAcknowledgement,
    QualityFigures,
    QualityRule,
    Review,
    RuleEvent,
)
from labeling.models.queue import Assignment, Batch, QueueCursor, Slot, Task, TaskResponse

__all__ = [
    "Adjudication",
    "Annotator",
    "AnnotatorReliability",
    "Assignment",
    "Batch",
    "Comparison",
    "Generator",
    "GoldAnswer",
    "GuidelineAcknowledgement",
    "GuidelineVersion",
    "Judgment",
    "Membership",
    "Project",
    "Prompt",
    "QualityFigures",
    "QualityRule",
    "QueueCursor",
    "Response",
    "Review",
    "RuleEvent",
    "Slot",
    "Task",
    "TaskResponse",
]
