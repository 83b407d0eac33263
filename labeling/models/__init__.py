"""The labeling side's tables. Rules live in services; these hold shape and constraints only."""

from labeling.models.judgments import Comparison, Judgment
from labeling.models.projects import Annotator, GuidelineVersion, Membership, Project
from labeling.models.prompts import Generator, Prompt, Response
from labeling.models.queue import Assignment, Batch, QueueCursor, Slot, Task, TaskResponse

__all__ = [
    "Annotator",
    "Assignment",
    "Batch",
    "Comparison",
    "Generator",
    "GuidelineVersion",
    "Judgment",
    "Membership",
    "Project",
    "Prompt",
    "QueueCursor",
    "Response",
    "Slot",
    "Task",
    "TaskResponse",
]
