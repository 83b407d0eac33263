"""What people said, whole and append-only, and the pairs that follow from it."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class Verdict(models.TextChoices):
    NONE = "none"
    BOTH_GOOD = "both_good"
    BOTH_BAD = "both_bad"
    CANNOT_JUDGE = "cannot_judge"


class Judgment(models.Model):
    """Never changed but for `superseded_at` and `returned_at`: a correction is a new row that
    points back.

    `tiers` holds response ids, best tier first; one tier is a tie. `strengths` has one of
    1 slightly, 2 better, 3 much better for each boundary between tiers. `criteria` is
    `{criterion: {response id: score}}`; a span is `{"response", "message", "start", "end", "label",
    "note"}`, counted in Unicode code points of that response's message as it was shown.
    """

    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="judgments")
    task = models.ForeignKey("labeling.Task", on_delete=models.PROTECT, related_name="judgments")
    annotator = models.ForeignKey("labeling.Annotator", on_delete=models.PROTECT, related_name="judgments")
    # Null for an imported judgment.
    assignment = models.ForeignKey(
        "labeling.Assignment", null=True, on_delete=models.PROTECT, related_name="judgments"
    )
    client_key = models.UUIDField()
    tiers = models.JSONField()
    verdict = models.CharField(max_length=12, choices=Verdict.choices, default=Verdict.NONE)
    strengths = models.JSONField(default=list)
    criteria = models.JSONField(default=dict)
    reasons = models.JSONField(default=list)
    comment = models.TextField(blank=True)
    spans = models.JSONField(default=list)
    # What this person wrote: the winner as they edited it, or a demonstration of their own.
    written_response = models.ForeignKey(
        "labeling.Response", null=True, on_delete=models.PROTECT, related_name="written_in"
    )
    active_seconds = models.FloatField(null=True)
    # {"order": [response ids as shown], "hashes": [...], "guideline_version", "protocol_version"};
    # "answer_shown" where the known answer was shown once it was submitted.
    presentation = models.JSONField(default=dict)
    surplus = models.BooleanField(default=False)
    supersedes = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="superseded_by"
    )
    superseded_at = models.DateTimeField(null=True)
    # Sent back by a reviewer: its comparisons are gone until it is corrected or accepted after all.
    returned_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            # A retried submit carries the same key: one person, one key, one row.
            models.UniqueConstraint(fields=["annotator", "client_key"], name="one_judgment_per_client_key"),
            # A person's last word on a task; imported workers may be many under one name.
            models.UniqueConstraint(
                fields=["task", "annotator"],
                condition=models.Q(superseded_at__isnull=True, assignment__isnull=False),
                name="one_live_judgment_per_person",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "created_at"], name="judgment_by_time"),
            models.Index(fields=["annotator", "created_at"], name="judgment_by_annotator"),
        ]

    def __str__(self) -> str:
        return f"judgment {self.pk}"


class Comparison(models.Model):
    """One pair derived from a judgment, rebuilt in the judgment's transaction and deleted when
    it is superseded. In a tie `winner` and `loser` are merely the two sides."""

    judgment = models.ForeignKey(Judgment, on_delete=models.CASCADE, related_name="comparisons")
    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="comparisons")
    prompt = models.ForeignKey("labeling.Prompt", on_delete=models.CASCADE, related_name="comparisons")
    annotator = models.ForeignKey("labeling.Annotator", on_delete=models.PROTECT, related_name="+")
    arm = models.CharField(max_length=12)
    winner = models.ForeignKey("labeling.Response", on_delete=models.PROTECT, related_name="wins")
    loser = models.ForeignKey("labeling.Response", on_delete=models.PROTECT, related_name="losses")
    is_tie = models.BooleanField(default=False)
    # 1..3; the sum of the boundaries between the two tiers, at most 3; 0 in a tie, null if not asked.
    strength = models.PositiveSmallIntegerField(null=True)
    # The winner is the judge's own edit: it follows from the editing, not from a choice.
    from_edit = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["judgment", "winner", "loser"], name="one_comparison_per_pair"),
        ]
        indexes = [models.Index(fields=["project", "arm", "id"], name="comparison_by_arm")]

    def __str__(self) -> str:
        return f"{self.winner_id} over {self.loser_id}"
