"""What judges say and write, as the API takes and shows it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from labeling.services.judgments import Said
from labeling.services.spans import Span
from labeling.services.written import Edit, Words

MAX_WRITTEN = 400_000


class WrittenMessageSerializer(serializers.Serializer):
    role = serializers.ChoiceField(choices=["user", "assistant"])
    content = serializers.CharField(trim_whitespace=False, max_length=MAX_WRITTEN)


class WordsSerializer(serializers.Serializer):
    """Either `text` for one assistant message, or `messages` that begin and end with one."""

    text = serializers.CharField(
        trim_whitespace=False, allow_null=True, default=None, max_length=MAX_WRITTEN, allow_blank=True
    )
    messages = serializers.ListField(
        child=WrittenMessageSerializer(), allow_null=True, default=None, max_length=400
    )


class EditSerializer(WordsSerializer):
    """The winner as it should have been; `text` replaces its last message only."""

    response = serializers.CharField(
        max_length=64,
        allow_null=True,
        default=None,
        help_text="Key of the response that was edited; needed where several share the first tier.",
    )


class SpanSerializer(serializers.Serializer):
    """From `start` to before `end`, in Unicode code points of the text as it was shown."""

    response = serializers.CharField(max_length=64)
    message = serializers.IntegerField(
        min_value=0, max_value=400, default=0, help_text="Which of the response's messages, from 0."
    )
    start = serializers.IntegerField(min_value=0)
    end = serializers.IntegerField(min_value=1)
    label = serializers.CharField(max_length=40)
    note = serializers.CharField(max_length=2000, allow_blank=True, default="")


class CriteriaField(serializers.DictField):
    """Scores by response key and criterion."""

    def __init__(self, **options: Any) -> None:
        super().__init__(child=serializers.DictField(child=serializers.IntegerField()), **options)


def said_of(fields: dict[str, Any]) -> Said:
    """What a submit says, from its validated fields."""
    edit, demonstration = fields.pop("edit", None), fields.pop("demonstration", None)
    return Said(
        **{
            **fields,
            "spans": [Span(**span) for span in fields["spans"]],
            "edit": Edit(**edit) if edit else None,
            "demonstration": Words(**demonstration) if demonstration else None,
        }
    )
