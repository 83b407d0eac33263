"""What writes responses, known by what shapes its writing."""

from __future__ import annotations

from collections.abc import Mapping

from labeling.messages import content_hash
from labeling.models import Generator, Project


def get_or_create_generator(
    *, project: Project, kind: str, name: str, model_ref: str = "", config: Mapping[str, object] | None = None
) -> Generator:
    """The project's one generator of this kind, name, model and configuration."""
    identity = {"kind": str(kind), "name": name, "model_ref": model_ref, "config": dict(config or {})}
    generator, _ = Generator.objects.get_or_create(
        project=project, digest=content_hash(identity), defaults=identity
    )
    return generator
