"""Quality as the API shows and takes it."""

from __future__ import annotations

from rest_framework import serializers

from labeling.api.queue_serializers import AssignmentSerializer, MessageSerializer
from labeling.models import (
    AnnotatorReliability,
    GuidelineAcknowledgement,
    QualityRule,
    Review,
    RuleEvent,
)
from labeling.models.judgments import Verdict
from labeling.models.queue import Arm


class EstimateSerializer(serializers.Serializer):
    """A number with its 95 percent interval; null where there is nothing to compute it from."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField()
    method = serializers.CharField(help_text="How the interval was made.")


class FreshnessSerializer(serializers.Serializer):
    computed_at = serializers.DateTimeField(allow_null=True, help_text="Null before the first computation.")
    num_judgments = serializers.IntegerField(
        help_text="How many judgments they were computed from: the newest 50,000 at most."
    )
    num_new = serializers.IntegerField(help_text="Judgments since then, counted up to 1000.")


class AgreementFigureSerializer(EstimateSerializer):
    unit = serializers.CharField(
        help_text="outcome (who won each pair), strength (by how much, −3 to 3), verdict, or criterion:NAME."
    )
    statistic = serializers.ChoiceField(
        choices=["krippendorff_alpha", "fleiss_kappa", "gwet_ac1", "mean_cohen_kappa"]
    )
    level = serializers.ChoiceField(choices=["nominal", "ordinal", "interval"])
    values = serializers.ListField(child=serializers.CharField())
    num_clusters = serializers.IntegerField(help_text="Prompts; the bootstrap draws whole prompts.")
    num_annotators = serializers.IntegerField()


class AgreementPairSerializer(EstimateSerializer):
    annotators = serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2)


class AgreementSerializer(FreshnessSerializer):
    figures = AgreementFigureSerializer(many=True)
    pairs = AgreementPairSerializer(
        many=True, help_text="Cohen's kappa of the annotators with most in common."
    )


class ReliabilitySerializer(serializers.ModelSerializer):
    class Meta:
        model = AnnotatorReliability
        fields = ["method", "value", "low", "high", "n", "interval", "flip_probability", "first_share"]


class AnnotatorFiguresSerializer(serializers.Serializer):
    annotator = serializers.IntegerField()
    name = serializers.CharField()
    num_judgments = serializers.IntegerField()
    gold_accuracy = EstimateSerializer()
    self_consistency = EstimateSerializer(help_text="How often a hidden repeat got the same answer.")
    left_share = EstimateSerializer(help_text="How often the first shown won; without a habit, 0.5.")
    longer_share = EstimateSerializer(help_text="How often the longer response won.")
    longer_share_of_others = serializers.FloatField(allow_null=True, help_text="The same of everybody else.")
    median_seconds = EstimateSerializer()
    words_per_second = EstimateSerializer(help_text="Words shown for each active second; the median.")
    too_fast_share = EstimateSerializer(help_text="How often faster than ten words a second.")
    reliability = ReliabilitySerializer(many=True)
    is_paused = serializers.BooleanField()
    paused_reason = serializers.CharField(allow_blank=True)


class AnnotatorsQualitySerializer(FreshnessSerializer):
    annotators = AnnotatorFiguresSerializer(many=True)


class PauseSerializer(serializers.Serializer):
    reason = serializers.CharField(
        max_length=500, default="", allow_blank=True, help_text="What the annotator is told."
    )


class RuleSerializer(serializers.ModelSerializer):
    class Meta:
        model = QualityRule
        fields = ["id", "measure", "action", "threshold", "min_num", "is_enabled", "created_at"]


class RuleCreateSerializer(serializers.Serializer):
    measure = serializers.ChoiceField(choices=QualityRule.Measure.choices)
    action = serializers.ChoiceField(choices=QualityRule.Action.choices)
    threshold = serializers.FloatField(min_value=0, max_value=1)
    min_num = serializers.IntegerField(min_value=1, max_value=100_000)
    is_enabled = serializers.BooleanField(default=True)


class RuleUpdateSerializer(serializers.Serializer):
    action = serializers.ChoiceField(choices=QualityRule.Action.choices, required=False)
    threshold = serializers.FloatField(min_value=0, max_value=1, required=False)
    min_num = serializers.IntegerField(min_value=1, max_value=100_000, required=False)
    is_enabled = serializers.BooleanField(required=False)


class RuleEventSerializer(serializers.ModelSerializer):
    rule = serializers.IntegerField(source="rule_id", allow_null=True)
    annotator = serializers.IntegerField(source="annotator_id", allow_null=True)
    task = serializers.IntegerField(source="task_id", allow_null=True)

    class Meta:
        model = RuleEvent
        fields = [
            "id",
            "rule",
            "rule_text",
            "action",
            "annotator",
            "task",
            "value",
            "low",
            "high",
            "n",
            "message",
            "created_at",
        ]


class AdjudicationSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    task = serializers.IntegerField(source="task_id")
    prompt_messages = MessageSerializer(source="task.prompt.messages", many=True)
    reason = serializers.CharField()
    asked_by = serializers.CharField(source="asked_by.name", default=None, allow_null=True)
    is_decided = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class AdjudicationFilterSerializer(serializers.Serializer):
    state = serializers.ChoiceField(choices=["open", "decided"], required=False)


class AdjudicationAskSerializer(serializers.Serializer):
    task = serializers.IntegerField(min_value=1)
    reason = serializers.CharField(max_length=2000)


class AdjudicationAskedSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    task = serializers.IntegerField(source="task_id")


class OpinionSerializer(serializers.Serializer):
    annotator = serializers.CharField(help_text="A letter; whose it is stays unknown.")
    tiers = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text="In the keys of your assignment.",
    )
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    strengths = serializers.ListField(child=serializers.IntegerField())
    criteria = serializers.DictField(
        child=serializers.DictField(), help_text="By criterion and response key."
    )
    reasons = serializers.ListField(child=serializers.JSONField())
    comment = serializers.CharField(allow_blank=True)


class AdjudicationOpenedSerializer(serializers.Serializer):
    """Decide by submitting a judgment to `assignment`."""

    id = serializers.IntegerField(source="adjudication.pk")
    task = serializers.IntegerField(source="adjudication.task_id")
    reason = serializers.CharField(source="adjudication.reason")
    assignment = AssignmentSerializer()
    judgments = OpinionSerializer(many=True)


class ReviewFilterSerializer(serializers.Serializer):
    annotator = serializers.IntegerField(min_value=1, required=False)
    task = serializers.IntegerField(min_value=1, required=False)
    arm = serializers.ChoiceField(choices=Arm.choices, required=False)
    state = serializers.ChoiceField(
        choices=["unreviewed", "accepted", "returned", "corrected"], required=False
    )
    sample_percent = serializers.IntegerField(min_value=1, max_value=100, default=100)


class ReviewableSerializer(serializers.Serializer):
    """What was shown and said; nothing here tells who wrote what."""

    id = serializers.IntegerField()
    task = serializers.IntegerField()
    arm = serializers.ChoiceField(choices=Arm.choices)
    annotator = serializers.IntegerField()
    annotator_name = serializers.CharField()
    prompt = MessageSerializer(many=True)
    responses = serializers.ListField(child=MessageSerializer(many=True), help_text="In the order shown.")
    tiers = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="Places in `responses`, from 0; best tier first.",
    )
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    strengths = serializers.ListField(child=serializers.IntegerField())
    criteria = serializers.DictField(child=serializers.DictField(), help_text="By criterion and place.")
    reasons = serializers.ListField(child=serializers.JSONField())
    comment = serializers.CharField(allow_blank=True)
    active_seconds = serializers.FloatField(allow_null=True)
    guideline_version = serializers.IntegerField(allow_null=True)
    state = serializers.ChoiceField(choices=["unreviewed", "accepted", "returned", "corrected"])
    review_comment = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()


class ReviewablePageSerializer(serializers.Serializer):
    results = ReviewableSerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="Cursor of the next page; null at the end.")


class ReviewCreateSerializer(serializers.Serializer):
    decision = serializers.ChoiceField(choices=Review.Decision.choices)
    comment = serializers.CharField(
        max_length=5000, default="", allow_blank=True, help_text="Needed to return a judgment."
    )


class ReviewSerializer(serializers.ModelSerializer):
    judgment = serializers.IntegerField(source="judgment_id")

    class Meta:
        model = Review
        fields = ["id", "judgment", "decision", "comment", "created_at"]


class AcknowledgementSerializer(serializers.ModelSerializer):
    annotator = serializers.IntegerField(source="annotator_id")
    name = serializers.CharField(source="annotator.user.name", default="")

    class Meta:
        model = GuidelineAcknowledgement
        fields = ["id", "annotator", "name", "created_at"]


class AcknowledgedSerializer(serializers.Serializer):
    number = serializers.IntegerField()
    acknowledged_at = serializers.DateTimeField()


class RequiredReadingSerializer(serializers.Serializer):
    number = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, help_text="The version everybody must read; 0 asks nothing."
    )


class RequeueSerializer(serializers.Serializer):
    judged_before = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, help_text="Tasks judged under a version before this one."
    )
    tags = serializers.ListField(
        child=serializers.CharField(max_length=200), max_length=100, default=list, help_text="Any of them."
    )
    arms = serializers.ListField(
        child=serializers.ChoiceField(choices=[Arm.ACTIVE, Arm.RANDOM]),
        default=lambda: [Arm.ACTIVE, Arm.RANDOM],
    )
    judgments_each = serializers.IntegerField(min_value=1, max_value=20, default=1)


class RequeuedSerializer(serializers.Serializer):
    num_tasks = serializers.IntegerField()
    num_slots = serializers.IntegerField()
    more = serializers.BooleanField(help_text="There are more than 10,000: ask again to go on.")
