"""Import jobs and formats as the API shows and takes them."""

from __future__ import annotations

from rest_framework import serializers

from labeling.api.queue_serializers import ImportOptionsSerializer
from labeling.models import ImportJob


class ImportFormatSerializer(serializers.Serializer):
    name = serializers.CharField()
    summary = serializers.CharField()
    by_name_only = serializers.BooleanField(help_text="Not recognised by its keys: it has to be named.")


class ImportFormatsSerializer(serializers.Serializer):
    formats = ImportFormatSerializer(many=True)
    endings = serializers.ListField(child=serializers.CharField(), help_text="Of the files; .gz may follow.")


class ImportJobOptionsSerializer(ImportOptionsSerializer):
    filename = serializers.CharField(max_length=300, help_text="Its ending says how the file is read.")
    waits_for_texts = serializers.BooleanField(
        default=False, help_text="Wait for a second file, which says what the ids in this one stand for."
    )


class ImportTextsOptionsSerializer(serializers.Serializer):
    filename = serializers.CharField(max_length=300)


class ImportJobSerializer(serializers.ModelSerializer):
    """`num_rows` is null until the file is checked; then `rows_done` grows up to it."""

    created_by = serializers.CharField(source="created_by.name", allow_null=True, default=None)
    waits_for_texts = serializers.SerializerMethodField()
    counts = serializers.DictField(child=serializers.IntegerField())

    class Meta:
        model = ImportJob
        fields = [
            "id",
            "filename",
            "size",
            "row_format",
            "dry_run",
            "skip_bad_rows",
            "waits_for_texts",
            "state",
            "num_rows",
            "rows_done",
            "num_errors",
            "counts",
            "error",
            "created_by",
            "created_at",
            "started_at",
            "finished_at",
        ]

    def get_waits_for_texts(self, job: ImportJob) -> bool:
        return bool(job.options.get("waits_for_texts"))
