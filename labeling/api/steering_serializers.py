"""What leads see and change in the queue, and what people choose for themselves."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from labeling.api.queue_serializers import MessageSerializer, TaskSerializer
from labeling.models import Batch, Hold
from labeling.models.judgments import Verdict
from labeling.services.import_rows import MAX_OVERLAP, MAX_PRIORITY

RULES = ["names_model", "error_text", "cut_off", "phrase"]


class TaskIdsField(serializers.ListField):
    def __init__(self, **options: Any) -> None:
        child = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
        super().__init__(child=child, min_length=1, max_length=1000, **options)


class LetteredResponseSerializer(serializers.Serializer):
    letter = serializers.CharField(help_text="Names the response on this page; says nothing of who wrote it.")
    messages = MessageSerializer(many=True)


class LetterTiersField(serializers.ListField):
    def __init__(self, **options: Any) -> None:
        child = serializers.ListField(child=serializers.CharField(max_length=1), max_length=9)
        super().__init__(child=child, max_length=9, **options)


class GoldSerializer(serializers.Serializer):
    tiers = LetterTiersField(
        default=list, help_text="Letters of the task's responses, best tier first; what is tied is left free."
    )
    verdict = serializers.ChoiceField(
        choices=Verdict.choices,
        default=Verdict.NONE,
        help_text="Both good or both bad, where that is the answer.",
    )
    feedback = serializers.BooleanField(default=False, help_text="Show the answer after submitting.")
    explanation = serializers.CharField(max_length=10_000, allow_blank=True, default="")


class TaskDetailSerializer(TaskSerializer):
    overlap_max = serializers.IntegerField(
        allow_null=True, help_text="Adaptive up to so many; null is fixed."
    )
    confidence = serializers.FloatField(allow_null=True)
    responses = LetteredResponseSerializer(source="shown_responses", many=True)
    gold = GoldSerializer(source="gold_answer", allow_null=True)

    class Meta(TaskSerializer.Meta):
        fields = [*TaskSerializer.Meta.fields, "overlap_max", "confidence", "responses", "gold"]


class TaskChangeSerializer(serializers.Serializer):
    priority = serializers.IntegerField(min_value=-MAX_PRIORITY, max_value=MAX_PRIORITY, required=False)
    overlap = serializers.IntegerField(min_value=1, max_value=MAX_OVERLAP, required=False)
    overlap_max = serializers.IntegerField(
        min_value=0, max_value=MAX_OVERLAP, required=False, help_text="0 makes overlap fixed."
    )
    confidence = serializers.FloatField(min_value=0.5, max_value=0.999, required=False)


class TasksChangeSerializer(TaskChangeSerializer):
    tasks = TaskIdsField()


class ChangedSerializer(serializers.Serializer):
    changed = serializers.IntegerField()


class BatchSerializer(serializers.ModelSerializer):
    class Meta:
        model = Batch
        fields = ["id", "name", "reference", "created_at"]


class BatchDetailSerializer(BatchSerializer):
    open = serializers.IntegerField(source="progress.open")
    leased = serializers.IntegerField(source="progress.leased")
    done = serializers.IntegerField(source="progress.done")
    judgments = serializers.IntegerField(source="progress.judgments")

    class Meta(BatchSerializer.Meta):
        fields = [*BatchSerializer.Meta.fields, "open", "leased", "done", "judgments"]


class FindingSerializer(serializers.Serializer):
    rule = serializers.ChoiceField(choices=RULES)
    excerpt = serializers.CharField()


class HoldSerializer(serializers.ModelSerializer):
    task = serializers.IntegerField(source="task_id")
    batch = serializers.CharField(source="task.batch.name")
    findings = FindingSerializer(many=True)
    decided_by = serializers.CharField(source="decided_by.name", default=None, allow_null=True)

    class Meta:
        model = Hold
        fields = ["id", "task", "batch", "state", "findings", "created_at", "decided_by", "decided_at"]


class HoldFilterSerializer(serializers.Serializer):
    state = serializers.ChoiceField(choices=Hold.State.choices, default=Hold.State.HELD)
    rule = serializers.ChoiceField(choices=RULES, required=False)


class HoldDecisionSerializer(serializers.Serializer):
    tasks = TaskIdsField()
    release = serializers.BooleanField(help_text="True puts them in the queue, false rejects them for good.")


def _cap(maximum: int = 1_000_000) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=maximum, required=False, allow_null=True)


class CapsSerializer(serializers.Serializer):
    per_day = _cap()
    in_total = _cap()
    batch_percent = _cap(100)


class QueueRulesSerializer(serializers.Serializer):
    overlap_max = serializers.IntegerField(
        min_value=1,
        max_value=MAX_OVERLAP,
        required=False,
        allow_null=True,
        help_text="Null is fixed overlap.",
    )
    confidence = serializers.FloatField(
        min_value=0.5, max_value=0.999, required=False, help_text="Stop asking when so sure of the winner."
    )
    caps = CapsSerializer(required=False, help_text="Of every annotator; null is none.")
    gold_every = serializers.IntegerField(
        min_value=0, max_value=1000, required=False, help_text="One claim in so many is gold; 0 is never."
    )
    repeat_every = serializers.IntegerField(min_value=0, max_value=1000, required=False)
    repeat_after = serializers.IntegerField(min_value=1, max_value=10_000, required=False)
    hold_names = serializers.BooleanField(required=False, help_text="Hold responses that name their model.")
    hold_errors = serializers.BooleanField(required=False, help_text="Hold responses that carry error text.")
    hold_cut_off = serializers.BooleanField(required=False, help_text="Hold responses that were cut off.")
    hold_phrases = serializers.ListField(
        child=serializers.RegexField(r"[^*\s]", max_length=200),
        max_length=100,
        required=False,
        help_text="Phrases that hold a response; * stands for a few characters.",
    )

    def validate_hold_phrases(self, value: list[str]) -> list[str]:
        if any(phrase.count("*") > 2 for phrase in value):
            raise serializers.ValidationError("Use at most two * in a phrase.")
        return value


class LeaseHeldSerializer(serializers.Serializer):
    assignment = serializers.UUIDField()
    task = serializers.IntegerField()
    name = serializers.CharField()
    leased_at = serializers.DateTimeField()
    renewed_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class LeasesSerializer(serializers.Serializer):
    leases = LeaseHeldSerializer(many=True, help_text="The longest silent first; at most a thousand.")


class PersonHereSerializer(serializers.Serializer):
    name = serializers.CharField()
    page_open = serializers.BooleanField()
    num_held = serializers.IntegerField()
    last_seen_at = serializers.DateTimeField()


class PresenceSerializer(serializers.Serializer):
    num_here = serializers.IntegerField(help_text="With a page open, or with work in hand.")
    num_working = serializers.IntegerField(help_text="With work in hand.")
    people = PersonHereSerializer(
        many=True, allow_null=True, help_text="Null for those who may not view the queue."
    )


class PaceSerializer(serializers.Serializer):
    last_hour = serializers.IntegerField(help_text="Judgments.")
    last_day = serializers.IntegerField()
    num_annotators = serializers.IntegerField(help_text="Who judged within the last day.")
    median_seconds = serializers.FloatField(allow_null=True, help_text="Of the last `num_timed` judgments.")
    num_timed = serializers.IntegerField()
