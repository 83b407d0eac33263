"""Telling open pages that the queue changed."""

from __future__ import annotations

from django.db import transaction

from labeling.core import live


def announce(project_id: int, topic: str = "queue") -> None:
    """Tell open pages, once it is true. Nothing but the topic is said: pages ask for the rest."""
    transaction.on_commit(lambda: live.publish(f"project.{project_id}", topic=topic))
