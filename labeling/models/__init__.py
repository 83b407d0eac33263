"""The labeling side's tables. Rules live in services; these hold shape and constraints only."""

from labeling.models.imports import ImportJob, ImportProblem
from labeling.models.judgments import Comparison, Judgment
from labeling.models.notices import Mail, MailPreference, Webhook, WebhookDelivery
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
    "ImportJob",
    "ImportProblem",
    "Judgment",
    "Mail",
    "MailPreference",
    "Membership",
    "Project",
    "Prompt",
    "QueueCursor",
    "Response",
    "Slot",
    "Task",
    "TaskResponse",
    "Webhook",
    "WebhookDelivery",
]
