from __future__ import annotations

from typing import Any, get_args

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from labeling.selectors.labels import TRAINING_ARMS
from rlhf import presets
from rlhf.models import Evaluation, ModelVersion, Round, RoundStep, Run, Snapshot
from rlhf.selectors import rounds as round_selectors


class IntervalSerializer(serializers.Serializer):
    """A number that is a sample. All null when nothing was counted."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField()
    method = serializers.CharField()


class StoredFileSerializer(serializers.Serializer):
    name = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()


class SnapshotSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    project = serializers.CharField(source="project.slug")
    kind = serializers.ChoiceField(Snapshot.Kind.choices)
    name = serializers.CharField(allow_blank=True)
    digest = serializers.CharField()
    num_rows = serializers.DictField(child=serializers.IntegerField(), help_text="By split.")
    files = StoredFileSerializer(many=True)
    filters = serializers.DictField()
    created_at = serializers.DateTimeField()
    created_by = serializers.CharField(source="created_by.name", default=None, allow_null=True)


class SnapshotCreateSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(Snapshot.Kind.choices)
    name = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    splits = serializers.ListField(
        child=serializers.ChoiceField(["train", "validation", "test"]), required=False, allow_empty=False
    )
    arms = serializers.ListField(
        child=serializers.ChoiceField([str(arm) for arm in TRAINING_ARMS]),
        required=False,
        allow_empty=False,
        help_text="Why the tasks were asked; not for prompts.",
    )


class SnapshotSupersededSerializer(serializers.Serializer):
    judgment = serializers.IntegerField(source="judgment_id")
    superseded_at = serializers.DateTimeField()
    withdrawn = serializers.BooleanField(help_text="Taken back; corrected otherwise.")


class SnapshotRowsSerializer(serializers.Serializer):
    rows = serializers.ListField(child=serializers.DictField())
    num_rows = serializers.IntegerField(help_text="Of the whole split.")


class ModelBriefSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    ref = serializers.CharField(source="__str__")
    kind = serializers.ChoiceField(ModelVersion.Kind.choices)
    stage = serializers.ChoiceField(ModelVersion.Stage.choices)


class ModelSerializer(ModelBriefSerializer):
    project = serializers.CharField(source="project.slug")
    name = serializers.CharField()
    number = serializers.IntegerField()
    parent = ModelBriefSerializer(allow_null=True)
    produced_by = serializers.IntegerField(source="produced_by_id", allow_null=True, help_text="A run.")
    source = serializers.CharField(
        allow_blank=True, help_text="A hub name or folder; empty if we trained it."
    )
    files = StoredFileSerializer(many=True)
    critic_files = StoredFileSerializer(
        many=True, help_text="Of the critic that PPO trained beside it; a later run may start from that."
    )
    summary = serializers.DictField()
    created_at = serializers.DateTimeField()


class ModelCreateSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=80)
    kind = serializers.ChoiceField(ModelVersion.Kind.choices)
    source = serializers.CharField(max_length=300, help_text="A hub name, or a folder this server can read.")


class ModelStageSerializer(serializers.Serializer):
    stage = serializers.ChoiceField(ModelVersion.Stage.choices)


class RoundBriefSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    number = serializers.IntegerField()


class RunBriefSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(Run.Kind.choices)
    state = serializers.ChoiceField(Run.State.choices)
    attempt = serializers.IntegerField()
    step = serializers.IntegerField()
    num_steps = serializers.IntegerField(allow_null=True)
    error = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class PresetSerializer(serializers.Serializer):
    """Settings to start from, for a model of that size."""

    size = serializers.ChoiceField([(size, size) for size in get_args(presets.Size)])
    kind = serializers.ChoiceField(Run.Kind.choices)
    settings = serializers.DictField(help_text="Fields of the kind's spec.")
    source = serializers.CharField(help_text="Where its numbers are from.")


class MemorySerializer(serializers.Serializer):
    """An estimate for one device, in bytes."""

    kind = serializers.ChoiceField(Run.Kind.choices)
    total_bytes = serializers.IntegerField()
    parts = serializers.DictField(child=serializers.IntegerField(), help_text="By what takes them.")


class VerdictSerializer(serializers.Serializer):
    """What a launch would say. `memory` is empty where nothing is trained or no size is known."""

    problem = serializers.CharField(allow_blank=True, help_text="One sentence; empty if all is well.")
    fields = serializers.DictField(help_text="By field of the spec.")
    memory = MemorySerializer(many=True)


class RunInputsSerializer(serializers.Serializer):
    models = serializers.DictField(
        help_text="Id of the model version behind each field of the spec; a list where the field is one."
    )
    snapshot = serializers.IntegerField()


class RunSerializer(RunBriefSerializer):
    project = serializers.CharField(source="project.slug")
    spec = serializers.DictField(help_text="As JSON Schema under /api/run-kinds.")
    inputs = RunInputsSerializer()
    cancel_requested = serializers.BooleanField()
    environment = serializers.DictField()
    result = serializers.DictField()
    created_by = serializers.CharField(source="created_by.name", default=None, allow_null=True)
    heartbeat_at = serializers.DateTimeField(allow_null=True)
    executor = serializers.CharField()
    produced_model = serializers.SerializerMethodField()
    round = serializers.SerializerMethodField()

    @extend_schema_field(ModelSerializer(allow_null=True))
    def get_produced_model(self, run: Run) -> dict[str, Any] | None:
        model = getattr(run, "produced_model", None)
        return None if model is None else ModelSerializer(model).data

    @extend_schema_field(RoundBriefSerializer(allow_null=True))
    def get_round(self, run: Run) -> dict[str, Any] | None:
        step = getattr(run, "round_step", None)
        return None if step is None else RoundBriefSerializer(step.round).data


class MetricPointSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    key = serializers.CharField()
    step = serializers.IntegerField()
    value = serializers.FloatField()


class MetricsSerializer(serializers.Serializer):
    points = MetricPointSerializer(many=True)


class LogLineSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    attempt = serializers.IntegerField()
    seq = serializers.IntegerField()
    at = serializers.DateTimeField()
    line = serializers.CharField(allow_blank=True)


class LogsSerializer(serializers.Serializer):
    lines = LogLineSerializer(many=True)


class RunSamplesSerializer(serializers.Serializer):
    rows = serializers.ListField(
        child=serializers.DictField(),
        help_text="{prompt_id, completions} of a sample run; {prompt_id, model, text, reward} otherwise.",
    )


class LineageSerializer(serializers.Serializer):
    snapshots = SnapshotSerializer(many=True)
    num_judgments = serializers.IntegerField()
    ancestors = ModelSerializer(many=True)
    runs = RunBriefSerializer(many=True)


class JudgmentModelsSerializer(serializers.Serializer):
    models = ModelSerializer(many=True)


class EvaluationSerializer(serializers.Serializer):
    """A Standing: an evaluation as it stands now."""

    id = serializers.IntegerField(source="evaluation.id")
    run = serializers.IntegerField(source="evaluation.run_id")
    candidate = serializers.CharField(source="evaluation.candidate")
    baseline = serializers.CharField(source="evaluation.baseline")
    judge = serializers.ChoiceField(Evaluation.Judge.choices, source="evaluation.judge")
    judge_model = serializers.CharField(source="evaluation.judge_model", allow_null=True)
    wins = serializers.IntegerField()
    ties = serializers.IntegerField()
    losses = serializers.IntegerField()
    win_rate = IntervalSerializer()


class WinRateSerializer(serializers.Serializer):
    baseline = serializers.CharField()
    judge = serializers.ChoiceField(Evaluation.Judge.choices)
    win_rate = IntervalSerializer()


class HumanProgressSerializer(serializers.Serializer):
    done = serializers.IntegerField()
    wanted = serializers.IntegerField()


class RoundStepSummarySerializer(serializers.Serializer):
    """What a step has to show; each step fills in its own fields."""

    tasks = serializers.IntegerField(required=False)
    skipped = serializers.IntegerField(required=False)
    judgments = serializers.IntegerField(required=False)
    wanted = serializers.IntegerField(required=False)
    rows = serializers.DictField(child=serializers.IntegerField(), required=False)
    accuracy = IntervalSerializer(required=False, allow_null=True)
    model = serializers.CharField(required=False)
    win_rates = WinRateSerializer(many=True, required=False)
    human = HumanProgressSerializer(required=False)
    promoted = serializers.BooleanField(required=False)


class RoundStepSerializer(serializers.Serializer):
    name = serializers.ChoiceField(RoundStep.Name.choices)
    state = serializers.ChoiceField(RoundStep.State.choices)
    run = RunBriefSerializer(allow_null=True)
    snapshot = serializers.IntegerField(source="snapshot_id", allow_null=True)
    summary = RoundStepSummarySerializer()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class RoundSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    project = serializers.CharField(source="project.slug")
    number = serializers.IntegerField()
    spec = serializers.DictField(help_text="As JSON Schema under /api/round-schema.")
    state = serializers.ChoiceField(Round.State.choices)
    error = serializers.CharField(allow_blank=True)
    policy_in = ModelSerializer()
    policy_out = ModelSerializer(allow_null=True)
    created_by = serializers.CharField(source="created_by.name", default=None, allow_null=True)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    steps = RoundStepSerializer(many=True)
    evaluations = serializers.SerializerMethodField()
    next_tasks = serializers.SerializerMethodField(
        help_text="Tasks that the next round's samples became; null until they are in the queue."
    )

    @extend_schema_field(EvaluationSerializer(many=True))
    def get_evaluations(self, of: Round) -> list[dict[str, Any]]:
        return EvaluationSerializer(round_selectors.standings(of=of), many=True).data

    def get_next_tasks(self, of: Round) -> int | None:
        return round_selectors.num_next_tasks(of=of)
