from __future__ import annotations

from labeling.core.errors import DomainError


def refused(name: str, message: str) -> DomainError:
    """About one field of what was sent."""
    return DomainError(message, fields={name: [message]})
