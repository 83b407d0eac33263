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
    "ImportJob",
    "ImportProblem",
    "Invitation",
    "InvitationUse",
    "Judgment",
    "Mail",
    "MailPreference",
    "Membership",
    "PayRate",
    "Project",
    "Prompt",
    "ProtocolVersion",
    "QualityFigures",
    "QualityRule",
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
    "WorkerLink",
]
