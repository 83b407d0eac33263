"""What was asked, what was answered, and who wrote the answer."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class Split(models.TextChoices):
    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


class Prompt(models.Model):
    """Messages shown to a model. `split` follows the hash of the conversation's first user
    message, so sibling turns never part, and never changes."""

    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="prompts")
    messages = models.JSONField()
    hash = models.CharField(max_length=64)
    root_hash = models.CharField(max_length=64)
    split = models.CharField(max_length=12, choices=Split.choices)
    tags = models.JSONField(default=list)
    risk_tags = models.JSONField(default=list)
    licence = models.CharField(max_length=100, blank=True)
    source = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "hash"], name="one_prompt_per_hash")]
        indexes = [models.Index(fields=["project", "split", "id"], name="prompt_by_split")]

    def __str__(self) -> str:
        return f"prompt {self.pk}"


class Generator(models.Model):
    """What wrote a response. `model_ref` is opaque text to the labeling side."""

    class Kind(models.TextChoices):
        MODEL = "model"
        PERSON = "person"
        IMPORTED = "imported"

    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="generators")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    name = models.CharField(max_length=200)
    model_ref = models.CharField(max_length=200, blank=True)
    # Sampling parameters, system prompt, retrieval: whatever shapes what is written.
    config = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "digest"], name="one_generator_per_digest")]

    def __str__(self) -> str:
        return self.name


class Response(models.Model):
    """A stored text answering a prompt, with its provenance. `messages` are the assistant's
    (and tools') turns after the prompt."""

    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="responses")
    generator = models.ForeignKey(Generator, on_delete=models.PROTECT, related_name="responses")
    messages = models.JSONField()
    hash = models.CharField(max_length=64)
    # How a model ended it: "stop" or, cut off, "length"; empty where nobody told.
    finish = models.CharField(max_length=10, blank=True)
    edited_from = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="edits")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["prompt", "generator", "hash"],
                condition=models.Q(edited_from=None),
                name="one_response_per_text",
            ),
            models.UniqueConstraint(
                fields=["prompt", "generator", "hash", "edited_from"], name="one_edit_per_text"
            ),
        ]

    def __str__(self) -> str:
        return f"response {self.pk}"
