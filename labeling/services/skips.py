"""What a skip must say."""

from __future__ import annotations

from labeling.core.errors import DomainError
from labeling.models import Assignment
from labeling.protocol import Ask, Protocol
from labeling.selectors.wellbeing import is_spared
from labeling.services.refusals import refused


def check_skip(assignment: Assignment, *, reason: str, category: str) -> None:
    """What the protocol asks for, but of a task that this person need not look at: that may be skipped
    under every protocol, and without a reason."""
    protocol = Protocol.model_validate(assignment.terms["protocol"])
    is_asked = not protocol.skip or protocol.skip_reason is Ask.REQUIRED
    if is_asked and is_spared(annotator_id=assignment.annotator_id, task=assignment.task):
        protocol = protocol.model_copy(update={"skip": True, "skip_reason": Ask.OPTIONAL})
    if not protocol.skip:
        raise DomainError("This project does not allow skipping: judge the task, or choose “cannot judge”.")
    keys = [choice.key for choice in protocol.skip_reasons]
    if category and category not in keys:
        offered = f"choose from {', '.join(keys)}" if keys else "say it in reason"
        raise refused("category", f"There is no skip reason “{category}”: {offered}.")
    if protocol.skip_reason is Ask.OFF and reason.strip():
        raise refused("reason", "This project does not ask why you skip: leave reason empty.")
    if protocol.skip_reason is Ask.REQUIRED:
        if keys and not category:
            raise refused("category", f"Say why you skip: choose from {', '.join(keys)}.")
        if not keys and not reason.strip():
            raise refused("reason", "Say in a few words why you skip.")
