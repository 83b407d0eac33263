"""What steers the queue besides priority: lanes, held tasks, known answers, who is here."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class Lane(models.Model):
    """The tasks of one batch whose prompts carry the same tags. A person who opted out of a tag, had
    their share of a batch, or saw as many risk-tagged tasks today as the project allows, is served
    lane by lane, so that what they leave out costs nothing.

    `tags` are the prompt's tags and risk tags together, sorted; `is_risky` says that there are risk
    tags among them. `digest` names the two.
    """

    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="lanes")
    batch = models.ForeignKey("labeling.Batch", on_delete=models.CASCADE, related_name="lanes")
    tags = models.JSONField(default=list)
    is_risky = models.BooleanField(default=False)
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "digest"], name="one_lane_per_tag_set")]

    def __str__(self) -> str:
        return f"lane {self.pk}: {', '.join(self.tags) or 'no tags'}"


class Hold(models.Model):
    """A task kept back before anyone saw it, and what became of it.

    `findings`: `[{"rule", "response", "excerpt"}, …]`, one for each rule that a response broke. While
    it is held, and for good once it is rejected, the task's slots are withdrawn.
    """

    class State(models.TextChoices):
        HELD = "held"
        RELEASED = "released"
        REJECTED = "rejected"

    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="holds")
    task = models.OneToOneField("labeling.Task", on_delete=models.CASCADE, related_name="hold")
    findings = models.JSONField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.HELD)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["project", "state", "id"], name="hold_by_state")]

    def __str__(self) -> str:
        return f"task {self.task_id} is {self.state}"


class Presence(models.Model):
    """That a person has a page of the project open: renewed by the page's socket, gone soon after it."""

    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="one_presence_per_person")]

    def __str__(self) -> str:
        return f"user {self.user_id} in {self.project_id}"
