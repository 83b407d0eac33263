"""Which dispatcher may act."""

from __future__ import annotations

from django.db import models


class DispatcherLease(models.Model):
    """The one row (id 1) that a dispatcher holds while it acts; others wait for it to expire."""

    # "<host>:<pid>:<start time>", so that a neighbour can tell that the holder is gone.
    holder = models.CharField(max_length=200, blank=True)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"held by {self.holder or 'nobody'}"
