"""The labeling side's tables. Rules live in services; these hold shape and constraints only."""

from labeling.models.imports import ImportJob, ImportProblem
from labeling.models.judgments import Comparison, Judgment
from labeling.models.notices import Mail, MailPreference, Webhook, WebhookDelivery
from labeling.models.people import (
    CompletionCode,
    Consent,
    ConsentVersion,
    Invitation,
    InvitationUse,
    PayRate,
    Reveal,
    Team,
    TeamMember,
    WorkerLink,
)
from labeling.models.projects import Annotator, GuidelineVersion, Membership, Project
from labeling.models.prompts import Generator, Prompt, Response
from labeling.models.protocols import ProtocolVersion
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
from labeling.models.steering import Hold, Lane, Presence
from labeling.models.tallies import QueueCount, WorkCount
from labeling.models.withdrawals import Withdrawal

__all__ = [
    "Adjudication",
    "Annotator",
    "AnnotatorReliability",
    "Assignment",
    "Batch",
    "Comparison",
    "CompletionCode",
    "Consent",
    "ConsentVersion",
    "Generator",
    "GoldAnswer",
    "GuidelineAcknowledgement",
    "GuidelineVersion",
    "Hold",
    "ImportJob",
    "ImportProblem",
    "Invitation",
    "InvitationUse",
    "Judgment",
    "Lane",
    "Mail",
    "MailPreference",
    "Membership",
    "PayRate",
    "Presence",
    "Project",
    "Prompt",
    "ProtocolVersion",
    "QualityFigures",
    "QualityRule",
    "QueueCount",
    "QueueCursor",
    "Response",
    "Reveal",
    "Review",
    "RuleEvent",
    "Slot",
    "Task",
    "TaskResponse",
    "Team",
    "TeamMember",
    "Webhook",
    "WebhookDelivery",
    "Withdrawal",
    "WorkCount",
    "WorkerLink",
]
