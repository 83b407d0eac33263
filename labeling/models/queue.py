"""Capacity is reserved, not counted: one Slot row per wanted judgment."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone


class Arm(models.TextChoices):
    """Why a task is in the queue."""

    ACTIVE = "active"
    RANDOM = "random"
    GOLD = "gold"
    REPEAT = "repeat"
    EVALUATION = "evaluation"
    ADJUDICATION = "adjudication"


class Batch(models.Model):
    """Tasks that came into the queue together: an import, a round's samples, an evaluation.

    `reference` is the caller's opaque text (unique in the project), which makes queueing
    idempotent: the same reference twice is the same batch.
    """

    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="batches")
    reference = models.CharField(max_length=200)
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=timezone.now)
    # Nothing of it is offered any more.
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "reference"], name="one_batch_per_reference")
        ]

    def __str__(self) -> str:
        return self.name


class Task(models.Model):
    class Kind(models.TextChoices):
        RANK = "rank"
        DEMONSTRATE = "demonstrate"
        CHAT = "chat"

    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="tasks")
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="tasks")
    prompt = models.ForeignKey("labeling.Prompt", on_delete=models.CASCADE, related_name="tasks")
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.RANK)
    arm = models.CharField(max_length=12, choices=Arm.choices, default=Arm.RANDOM)
    priority = models.IntegerField(default=0)
    overlap = models.PositiveSmallIntegerField(default=1)
    # Adaptive overlap: ask up to so many people until the posterior is this confident; null is fixed.
    overlap_max = models.PositiveSmallIntegerField(null=True)
    confidence = models.FloatField(null=True)
    # Of a hidden repeat (arm "repeat"): the task its one annotator judged before.
    repeats = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="repeated_by")
    created_at = models.DateTimeField(default=timezone.now)
    responses = models.ManyToManyField("labeling.Response", through="labeling.TaskResponse")

    class Meta:
        indexes = [models.Index(fields=["project", "arm", "id"], name="task_by_arm")]

    def __str__(self) -> str:
        return f"task {self.pk}"


class TaskResponse(models.Model):
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="task_responses")
    response = models.ForeignKey("labeling.Response", on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["task", "response"], name="one_place_per_response"),
            models.UniqueConstraint(fields=["task", "position"], name="one_response_per_place"),
        ]

    def __str__(self) -> str:
        return f"{self.response_id} at {self.position} in {self.task_id}"


class Slot(models.Model):
    """One wanted judgment. `project`, `arm` and `priority` repeat the task's, so that a claim
    reads one index. `fence` grows with every lease: a write that carries an older one is late.
    An open slot whose fence is above 0 has been leased before and given back. Slots of gold tasks and
    hidden repeats are made for one person when they ask, leased and withdrawn from the start."""

    class State(models.TextChoices):
        OPEN = "open"
        LEASED = "leased"
        DONE = "done"

    # Other indexes begin with these three; fewer indexes make cheaper claims.
    project = models.ForeignKey(
        "labeling.Project", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="slots", db_index=False)
    lane = models.ForeignKey(
        "labeling.Lane", null=True, on_delete=models.CASCADE, related_name="slots", db_index=False
    )
    slot_no = models.PositiveSmallIntegerField()
    arm = models.CharField(max_length=12, choices=Arm.choices)
    priority = models.IntegerField(default=0)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    fence = models.PositiveIntegerField(default=0)
    lease_expires_at = models.DateTimeField(null=True)
    # No longer wanted: never offered again, yet whoever holds it may still submit.
    withdrawn = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "slot_no"], name="one_slot_per_number")]
        indexes = [
            # Breadth first: every task's first slot before any task's second.
            models.Index(
                fields=["project", "-priority", "slot_no", "id"],
                condition=models.Q(state="open", fence=0, withdrawn=False),
                name="slot_fresh",
            ),
            models.Index(
                fields=["lane", "-priority", "slot_no", "id"],
                condition=models.Q(state="open", fence=0, withdrawn=False),
                name="slot_fresh_in_lane",
            ),
            models.Index(
                fields=["project", "-priority", "slot_no", "id"],
                condition=models.Q(state="open", fence__gt=0, withdrawn=False),
                name="slot_reopened",
            ),
            models.Index(fields=["project", "state", "lease_expires_at"], name="slot_expiry"),
        ]

    def __str__(self) -> str:
        return f"slot {self.task_id}/{self.slot_no}"


class Assignment(models.Model):
    """One slot leased to one annotator, and what became of it. The annotator knows it by `id`
    only, and each response by a random key in `presented`: `[{"key", "response", "hash"}, …]` in
    the order shown."""

    class State(models.TextChoices):
        LEASED = "leased"
        SUBMITTED = "submitted"
        SKIPPED = "skipped"
        EXPIRED = "expired"
        # Taken back by a lead: no skip of its holder, and not offered to them again.
        RELEASED = "released"
        # Submitted after the lease was lost; kept, and counted beside the slot.
        SURPLUS = "surplus"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slot = models.ForeignKey(Slot, on_delete=models.CASCADE, related_name="assignments")
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="assignments")
    annotator = models.ForeignKey(
        "labeling.Annotator", on_delete=models.PROTECT, related_name="assignments", db_index=False
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.LEASED)
    fence = models.PositiveIntegerField()
    presented = models.JSONField()
    # What was shown with it: {"protocol", "protocol_version", "guideline_version"}.
    terms = models.JSONField(default=dict)
    skip_reason = models.TextField(blank=True)
    # A key of the protocol's skip_reasons.
    skip_category = models.CharField(max_length=40, blank=True)
    # What its annotator has typed so far; theirs alone. The revision only ever grows.
    draft = models.JSONField(null=True)
    draft_revision = models.PositiveIntegerField(default=0)
    draft_saved_at = models.DateTimeField(null=True)
    leased_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task", "annotator"],
                condition=models.Q(state__in=["leased", "submitted", "skipped", "released", "surplus"]),
                name="one_live_assignment_per_person",
            ),
        ]
        indexes = [
            models.Index(fields=["annotator", "state", "ended_at"], name="assignment_by_annotator"),
            models.Index(
                fields=["annotator", "task"], condition=models.Q(draft__isnull=False), name="assignment_draft"
            ),
            # A planner that knows how skewed states are would rather read a table than look up a state.
            models.Index(fields=["annotator"], condition=models.Q(state="leased"), name="assignment_in_hand"),
        ]

    def __str__(self) -> str:
        return f"assignment {self.pk}"


class QueueCursor(models.Model):
    """Where one annotator stands in one project's queue, and the row whose lock puts one person's
    requests in a line.

    Every open, never leased slot of this `generation` (the project's) up to `(priority, slot_no,
    slot_id)` belongs to a task this annotator already had or does not take, so a claim starts behind
    it. It is a hint: when nothing is found behind it, the search starts over.
    """

    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="+")
    annotator = models.ForeignKey("labeling.Annotator", on_delete=models.CASCADE, related_name="+")
    generation = models.PositiveIntegerField(default=0)
    priority = models.IntegerField(null=True)
    slot_no = models.PositiveSmallIntegerField(default=0)
    slot_id = models.BigIntegerField(default=0)
    scanned_at = models.DateTimeField(null=True)
    # The consent text this person accepted last and did not withdraw.
    consented_version = models.PositiveIntegerField(default=0)
    # What keeps new work from this person, read with the lock and so for nothing: a pause (in words
    # they may read), judgments sent back to them, and the newest guidelines they have read.
    paused_reason = models.TextField(blank=True)
    paused_at = models.DateTimeField(null=True)
    has_returned = models.BooleanField(default=False)
    read_guideline = models.PositiveIntegerField(default=0)
    # Tags (risk tags among them) this person does not take, and caps that replace the project's.
    opted_out = models.JSONField(default=list)
    # The cursor went past risk-tagged tasks, because the day's exposure cap was reached.
    passed_risk = models.BooleanField(default=False)
    caps = models.JSONField(default=dict)
    # The lanes that leaves, as of the project's generation `lanes_at`.
    lanes = models.JSONField(default=list)
    lanes_at = models.PositiveIntegerField(null=True)
    # Counted while the project inserts gold or repeats: which of this person's claims is one.
    num_claimed = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["annotator", "project"], name="one_cursor_per_annotator"),
        ]

    def __str__(self) -> str:
        return f"annotator {self.annotator_id} in {self.project_id}"
