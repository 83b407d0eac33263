"""Fields described by a pydantic model: its JSON schema is what the API schema says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.plumbing import ResolvedComponent
from pydantic import BaseModel
from rest_framework import serializers

from labeling.protocol import Protocol, complete


class PydanticField(serializers.Field):
    """An object; `model` documents it, and the service that takes it checks it."""

    model: type[BaseModel]

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise serializers.ValidationError("Send an object.")
        return dict(data)

    def to_representation(self, value: Any) -> Any:
        return value


class ProtocolField(PydanticField):
    model = Protocol

    def to_representation(self, value: Any) -> Any:
        return complete(value)


class PydanticFieldExtension(OpenApiSerializerFieldExtension):
    target_class = PydanticField
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        """A reference. Of what is sent, everything with a default may be left out; what is
        received is whole: hence two components."""
        is_request = direction == "request"
        suffix = "Request" if is_request else ""
        schema = self.target.model.model_json_schema(
            ref_template=f"#/components/schemas/{{model}}{suffix}",
            mode="validation" if is_request else "serialization",
        )
        parts = {**schema.pop("$defs", {}), self.target.model.__name__: schema}
        for name, part in parts.items():
            _register(auto_schema, name + suffix, part)
        return {"$ref": f"#/components/schemas/{self.target.model.__name__}{suffix}"}


def _register(auto_schema: Any, name: str, schema: dict[str, Any]) -> None:
    component = ResolvedComponent(name=name, type=ResolvedComponent.SCHEMA, object=name, schema=schema)
    auto_schema.registry.register_on_missing(component)
