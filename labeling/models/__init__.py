"""The labeling side's tables. Rules live in services; these hold shape and constraints only."""

from labeling.models.judgments import Comparison, Judgment
from labeling.models.projects import Annotator, GuidelineVersion, Membership, Project
from labeling.models.prompts import Generator, Prompt, Response
from labeling.models.queue import Assignment, Batch, QueueCursor, Slot, Task, TaskResponse
from labeling.models.steering import GoldAnswer, Hold, Lane, Presence
from labeling.models.tallies import QueueCount, WorkCount

__all__ = [
    "Annotator",
    "Assignment",
    "Batch",
    "Comparison",
    "Generator",
    "GoldAnswer",
    "GuidelineVersion",
    "Hold",
    "Judgment",
    "Lane",
    "Membership",
    "Presence",
    "Project",
    "Prompt",
    "QueueCount",
    "QueueCursor",
    "Response",
    "Slot",
    "Task",
    "TaskResponse",
    "WorkCount",
]
