"""Prompts, tasks, assignments and judgments as the API shows and takes them."""

from __future__ import annotations

import math

from rest_framework import serializers

from labeling.api.fields import ProtocolField
from labeling.api.judgment_serializers import CriteriaField, EditSerializer, SpanSerializer, WordsSerializer
from labeling.messages import ROLES
from labeling.models import Prompt, Task
from labeling.models.judgments import Verdict
from labeling.models.queue import Arm

MAX_ACTIVE_SECONDS = 24 * 3600


class MessageSerializer(serializers.Serializer):
    role = serializers.ChoiceField(choices=ROLES)
    content = serializers.CharField()


class PromptSerializer(serializers.ModelSerializer):
    messages = MessageSerializer(many=True)
    tags = serializers.ListField(child=serializers.CharField())
    risk_tags = serializers.ListField(child=serializers.CharField())
    num_tasks = serializers.IntegerField()

    class Meta:
        model = Prompt
        fields = [
            "id",
            "hash",
            "messages",
            "split",
            "tags",
            "risk_tags",
            "licence",
            "source",
            "num_tasks",
            "created_at",
        ]


class TaskSerializer(serializers.ModelSerializer):
    """What waits and what is done; the responses stay out, so that whoever reads this can still
    annotate blindly."""

    prompt = serializers.IntegerField(source="prompt_id")
    prompt_messages = MessageSerializer(source="prompt.messages", many=True)
    batch = serializers.CharField(source="batch.name")
    num_responses = serializers.IntegerField()
    slots_open = serializers.IntegerField()
    slots_leased = serializers.IntegerField()
    slots_done = serializers.IntegerField()

    class Meta:
        model = Task
        fields = [
            "id",
            "prompt",
            "prompt_messages",
            "batch",
            "kind",
            "arm",
            "priority",
            "overlap",
            "num_responses",
            "slots_open",
            "slots_leased",
            "slots_done",
            "created_at",
        ]


class TaskFilterSerializer(serializers.Serializer):
    arm = serializers.ChoiceField(choices=Arm.choices, required=False)
    state = serializers.ChoiceField(choices=["open", "leased", "done"], required=False)
    order = serializers.ChoiceField(
        choices=["newest", "oldest"], default="newest", help_text="What is first."
    )


class ShownPromptSerializer(serializers.Serializer):
    messages = MessageSerializer(many=True)
    risk_tags = serializers.ListField(
        child=serializers.CharField(), help_text="Not empty: blur until asked for, and say so (…/reveal)."
    )


class ShownResponseSerializer(serializers.Serializer):
    key = serializers.CharField(help_text="Names this response in this assignment only.")
    messages = MessageSerializer(many=True)


class DraftSerializer(serializers.Serializer):
    revision = serializers.IntegerField(help_text="What the next save is based on.")
    body = serializers.JSONField(help_text="As it was saved; null when there is none.")
    saved_at = serializers.DateTimeField(allow_null=True)


class DraftSaveSerializer(serializers.Serializer):
    revision = serializers.IntegerField(
        min_value=0, max_value=2**31 - 2, help_text="Of the draft that this one replaces."
    )
    body = serializers.JSONField(help_text="Anything, up to 256 KiB.")


class JudgmentSaidSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    tiers = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    strengths = serializers.ListField(child=serializers.IntegerField())
    comment = serializers.CharField()
    reasons = serializers.ListField(child=serializers.CharField())
    criteria = CriteriaField()
    spans = SpanSerializer(many=True)
    edit = EditSerializer(allow_null=True)
    demonstration = WordsSerializer(allow_null=True)
    active_seconds = serializers.FloatField(allow_null=True)


class ReturnedSerializer(serializers.Serializer):
    comment = serializers.CharField(help_text="What the reviewer asks you to look at again.")
    judgment = JudgmentSaidSerializer()


class AssignmentSerializer(serializers.Serializer):
    """Nothing here tells who wrote what."""

    id = serializers.UUIDField()
    lease_token = serializers.IntegerField()
    expires_at = serializers.DateTimeField(allow_null=True, help_text="Null once it is judged.")
    prompt = ShownPromptSerializer()
    responses = ShownResponseSerializer(many=True, help_text="In the order to show.")
    protocol = ProtocolField()
    protocol_version = serializers.IntegerField()
    guideline_version = serializers.IntegerField(allow_null=True)
    kind = serializers.ChoiceField(
        choices=Task.Kind.choices, help_text="`demonstrate` shows no responses: one is to be written."
    )
    draft = DraftSerializer()
    returned = ReturnedSerializer(
        allow_null=True, help_text="Your judgment of this task, sent back to be corrected."
    )


class AssignmentNextSerializer(serializers.Serializer):
    count = serializers.IntegerField(min_value=1, max_value=10, default=1)
    exclude = serializers.ListField(
        child=serializers.UUIDField(), max_length=100, default=list, help_text="Assignments you already hold."
    )


class AssignmentOffersSerializer(serializers.Serializer):
    assignments = AssignmentSerializer(many=True)
    reason = serializers.ChoiceField(
        choices=[
            "empty",
            "all_leased",
            "no_more_for_you",
            "held_by_you",
            "archived",
            "consent_needed",
            "paused",
            "read_guidelines",
            "capped",
        ],
        allow_null=True,
        help_text="Why there are none. `held_by_you`: what is left for you is what you named in `exclude`.",
    )
    message = serializers.CharField(allow_null=True, help_text="In words, where somebody holds you back.")
    guideline_version = serializers.IntegerField(
        allow_null=True, help_text="With `read_guidelines`: the version to read and acknowledge first."
    )


class LeaseSerializer(serializers.Serializer):
    lease_token = serializers.IntegerField()


class LeaseRenewedSerializer(serializers.Serializer):
    expires_at = serializers.DateTimeField()


class AssignmentSkipSerializer(LeaseSerializer):
    reason = serializers.CharField(max_length=2000, allow_blank=True, default="")
    category = serializers.CharField(
        max_length=40, allow_blank=True, default="", help_text="One of the protocol's skip_reasons."
    )


class JudgmentSubmitSerializer(LeaseSerializer):
    client_key = serializers.UUIDField(help_text="Yours; the same key again stores nothing new.")
    tiers = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField(max_length=64), max_length=9),
        max_length=9,
        default=list,
        help_text="Response keys, best tier first; responses in one tier are tied. "
        "Empty for a demonstration, and where nothing was ranked.",
    )
    verdict = serializers.ChoiceField(choices=Verdict.choices, default=Verdict.NONE)
    strengths = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=3),
        max_length=8,
        default=list,
        help_text="1 slightly, 2 better, 3 much better, for each boundary between tiers.",
    )
    active_seconds = serializers.FloatField(
        min_value=0, max_value=MAX_ACTIVE_SECONDS, allow_null=True, default=None
    )
    comment = serializers.CharField(max_length=10_000, allow_blank=True, default="")
    reasons = serializers.ListField(child=serializers.CharField(max_length=200), max_length=50, default=list)
    criteria = CriteriaField(default=dict, help_text="Scores by response key and criterion.")
    spans = serializers.ListField(child=SpanSerializer(), max_length=500, default=list)
    edit = EditSerializer(allow_null=True, default=None)
    demonstration = WordsSerializer(
        allow_null=True, default=None, help_text="For a task of kind `demonstrate`: the response you wrote."
    )
    corrects = serializers.IntegerField(
        allow_null=True,
        default=None,
        help_text="The judgment of yours that this one replaces; refused when it is not your last word.",
    )

    def validate_active_seconds(self, value: float | None) -> float | None:
        if value is not None and not math.isfinite(value):
            raise serializers.ValidationError("Send a number of seconds.")
        return value


class GoldFeedbackSerializer(serializers.Serializer):
    right = serializers.BooleanField()
    tiers = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    explanation = serializers.CharField(allow_blank=True)


class JudgmentSubmittedSerializer(serializers.Serializer):
    judgment = serializers.IntegerField(source="judgment_id")
    state = serializers.ChoiceField(choices=["accepted", "surplus", "corrected", "withdrawn"])
    replayed = serializers.BooleanField()
    feedback = GoldFeedbackSerializer(
        allow_null=True, help_text="The known answer, where the task had one that may be shown."
    )


class LastJudgmentSerializer(serializers.Serializer):
    assignment = AssignmentSerializer()
    judgment = JudgmentSaidSerializer()


class OwnJudgmentsFilterSerializer(serializers.Serializer):
    everything = serializers.BooleanField(
        default=False, help_text="Also what you corrected or took back since."
    )


class OwnJudgmentSerializer(LastJudgmentSerializer):
    id = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    superseded_at = serializers.DateTimeField(allow_null=True)
    withdrawn = serializers.BooleanField()
    undo_until = serializers.DateTimeField(
        allow_null=True, help_text="Null where it stands: superseded, or the known answer was shown."
    )


class UndoSerializer(serializers.Serializer):
    judgment = serializers.IntegerField(source="judgment_id")
    reason = serializers.CharField(max_length=2000, allow_blank=True, default="")


class MyWorkSerializer(serializers.Serializer):
    today = serializers.IntegerField()
    total = serializers.IntegerField()
    median_seconds = serializers.FloatField(allow_null=True)
    last = LastJudgmentSerializer(allow_null=True, help_text="May still be corrected.")


class ImportOptionsSerializer(serializers.Serializer):
    dry_run = serializers.BooleanField(default=False)
    skip_bad_rows = serializers.BooleanField(default=False)
    licence = serializers.CharField(max_length=100, default="", help_text="For rows that name none.")
    source = serializers.CharField(max_length=200, default="", help_text="For rows that name none.")
    row_format = serializers.CharField(
        max_length=40, default="", help_text="Of the rows; otherwise their keys tell (see import_formats)."
    )
    aspect = serializers.CharField(
        max_length=100, default="", help_text="ultrafeedback: rank by this rating and not by their mean."
    )


class RowErrorSerializer(serializers.Serializer):
    line = serializers.IntegerField()
    message = serializers.CharField()


class ImportResultSerializer(serializers.Serializer):
    rows = serializers.IntegerField()
    prompts_created = serializers.IntegerField()
    prompts_known = serializers.IntegerField()
    responses_created = serializers.IntegerField()
    tasks_created = serializers.IntegerField()
    judgments_created = serializers.IntegerField()
    errors = RowErrorSerializer(many=True, help_text="The first hundred rows left out.")
    num_errors = serializers.IntegerField()
    dry_run = serializers.BooleanField()
