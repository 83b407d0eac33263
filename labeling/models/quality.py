"""What is known of the quality of judgments, and what was done about it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from labeling.models.judgments import Verdict


class GoldAnswer(models.Model):
    """The known answer to a task whose arm is gold.

    `tiers` holds response ids, best tier first, like Judgment.tiers. `feedback` shows it to a person
    after they have submitted; otherwise gold is silent. A retired answer is not asked any more, but
    still says whether earlier judgments of the task were right. What a person said first, and did not
    take back, is what counts for their accuracy: a correction may follow from the feedback.
    """

    task = models.OneToOneField("labeling.Task", on_delete=models.CASCADE, related_name="gold")
    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="golds")
    tiers = models.JSONField()
    # Both good or both bad, where that is the answer: `tiers` is then one tier.
    verdict = models.CharField(max_length=12, choices=Verdict.choices, default=Verdict.NONE)
    feedback = models.BooleanField(default=False)
    explanation = models.TextField(blank=True)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["project", "id"], condition=models.Q(retired_at=None), name="gold_in_use")
        ]

    def __str__(self) -> str:
        return f"gold answer to task {self.task_id}"


class QualityFigures(models.Model):
    """The figures of a project as they were last computed, so that opening a page computes nothing."""

    project = models.OneToOneField("labeling.Project", on_delete=models.CASCADE, related_name="quality")
    agreement = models.JSONField(default=dict)
    annotators = models.JSONField(default=list)
    num_judgments = models.PositiveIntegerField(default=0)
    # The newest judgment that was counted; 0 before the first computation.
    newest_judgment_id = models.BigIntegerField(default=0)
    computed_at = models.DateTimeField(null=True)
    # Rules have looked at every judgment up to this one.
    swept_judgment_id = models.BigIntegerField(default=0)
    # One sweep at a time; a sweep that died is forgotten when this has passed.
    sweeping_until = models.DateTimeField(null=True)
    wanted = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"figures of {self.project_id}"


class AnnotatorReliability(models.Model):
    """How far an annotator's votes can be trusted, by one model; replaced with every computation."""

    class Method(models.TextChoices):
        DAWID_SKENE = "dawid_skene"
        NOISY_BRADLEY_TERRY = "noisy_bradley_terry"

    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="reliabilities")
    annotator = models.ForeignKey("labeling.Annotator", on_delete=models.CASCADE, related_name="+")
    method = models.CharField(max_length=20, choices=Method.choices)
    value = models.FloatField()
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    n = models.PositiveIntegerField()
    interval = models.CharField(max_length=60)
    # The probability that a vote is the wrong way round.
    flip_probability = models.FloatField()
    # How often the first shown wins where worth does not decide; noisy Bradley-Terry only.
    first_share = models.FloatField(null=True)
    computed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "annotator", "method"], name="one_reliability_per_method"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.method} of {self.annotator_id}: {self.value}"


class QualityRule(models.Model):
    """When `measure` of an annotator, or of a task, is past `threshold` on at least `min_num`
    judgments, do `action`."""

    class Measure(models.TextChoices):
        GOLD_ACCURACY = "gold_accuracy"
        SELF_CONSISTENCY = "self_consistency"
        TOO_FAST_SHARE = "too_fast_share"
        LEFT_BIAS = "left_bias"
        LENGTH_BIAS = "length_bias"
        RELIABILITY = "reliability"
        TASK_AGREEMENT = "task_agreement"

    class Action(models.TextChoices):
        PAUSE = "pause"
        NOTIFY = "notify"
        ADJUDICATE = "adjudicate"

    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="quality_rules")
    measure = models.CharField(max_length=20, choices=Measure.choices)
    action = models.CharField(max_length=12, choices=Action.choices)
    threshold = models.FloatField()
    min_num = models.PositiveIntegerField()
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.measure} past {self.threshold} → {self.action}"


class RuleEvent(models.Model):
    """The log line of one thing a rule did. `rule_text` outlives the rule."""

    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="rule_events")
    rule = models.ForeignKey(QualityRule, null=True, on_delete=models.SET_NULL, related_name="events")
    rule_text = models.CharField(max_length=200)
    action = models.CharField(max_length=12, choices=QualityRule.Action.choices)
    annotator = models.ForeignKey("labeling.Annotator", null=True, on_delete=models.CASCADE, related_name="+")
    task = models.ForeignKey("labeling.Task", null=True, on_delete=models.CASCADE, related_name="+")
    value = models.FloatField()
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    n = models.PositiveIntegerField()
    message = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "task"],
                condition=models.Q(task__isnull=False),
                name="one_event_per_rule_and_task",
            ),
        ]
        indexes = [models.Index(fields=["project", "id"], name="rule_event_by_project")]

    def __str__(self) -> str:
        return self.message


class Adjudication(models.Model):
    """A task whose judgments part, and the second task (arm `adjudication`, the same responses) by
    which a lead decides it. It is decided when the second task has a live judgment."""

    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="adjudications")
    task = models.OneToOneField("labeling.Task", on_delete=models.CASCADE, related_name="adjudication")
    decision_task = models.OneToOneField(
        "labeling.Task", on_delete=models.CASCADE, related_name="adjudicates"
    )
    reason = models.TextField()
    # Null when a rule asked for it.
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["project", "id"], name="adjudication_by_project")]

    def __str__(self) -> str:
        return f"adjudication of task {self.task_id}"


class Review(models.Model):
    """A lead's word on one judgment. The newest one counts."""

    class Decision(models.TextChoices):
        ACCEPTED = "accepted"
        RETURNED = "returned"

    judgment = models.ForeignKey("labeling.Judgment", on_delete=models.CASCADE, related_name="reviews")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    decision = models.CharField(max_length=10, choices=Decision.choices)
    comment = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["judgment", "-id"], name="review_by_judgment")]

    def __str__(self) -> str:
        return f"{self.decision}: judgment {self.judgment_id}"


class GuidelineAcknowledgement(models.Model):
    """Who said that they have read which version."""

    version = models.ForeignKey(
        "labeling.GuidelineVersion", on_delete=models.CASCADE, related_name="acknowledgements"
    )
    annotator = models.ForeignKey("labeling.Annotator", on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "annotator"], name="one_acknowledgement_per_version"),
        ]

    def __str__(self) -> str:
        return f"{self.annotator_id} read {self.version_id}"
