"""Who beat whom, by people."""

from __future__ import annotations

from collections import Counter

from django.db.models import Count

from labeling.models import Comparison


def outcomes(*, batch_id: int) -> Counter[tuple[int, int, bool]]:
    """How often (winner's generator, loser's generator, is a tie) was said of this batch."""
    rows = (
        Comparison.objects.filter(judgment__task__batch_id=batch_id, judgment__superseded_at=None)
        .values_list("winner__generator_id", "loser__generator_id", "is_tie")
        .annotate(n=Count("id"))
        .order_by()
    )
    return Counter({(winner, loser, is_tie): n for winner, loser, is_tie, n in rows})
