"""The model registry: names, numbers, stages."""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from labeling.core.errors import DomainError
from labeling.core.services import audit
from rlhf.models import ModelVersion
from rlhf.services import live
from rlhf.services.validation import storable

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
HUB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?")


def register(*, project: Any, name: str, kind: str, source: str, user: Any, now: datetime) -> ModelVersion:
    """A version whose weights are somebody else's: a hub name, or a folder this server can read."""
    if not NAME.fullmatch(name):
        raise DomainError(
            "Write the name in lower-case letters, digits, dots, dashes and underscores.",
            fields={"name": "pattern"},
        )
    model = ModelVersion(
        project=project, kind=kind, name=name, source=_source(source, "source"), created_at=now
    )
    with transaction.atomic():
        save_new(model)
        audit.record(actor=user, action="model.registered", project_id=project.pk, obj=model)
        live.registry_changed(project.pk)
    return model


def resolve(*, project: Any, ref: str, field: str = "model") -> ModelVersion:
    """What `ref` names: `name@number`, a registered name (its newest), a folder or a hub name.

    A folder or hub name that is new comes back unsaved, as kind base: `save_new` stores it.
    """
    ref = storable(ref).strip()
    name, at, number = ref.partition("@")
    versions = ModelVersion.objects.filter(project=project, name=name)
    if at:
        found = versions.filter(number=int(number)).first() if number.isdecimal() else None
        if found is None:
            raise DomainError(
                f"There is no model “{ref}” in this project: take one from its list of models.",
                fields={field: "unknown"},
            )
        return found
    newest = versions.exclude(stage=ModelVersion.Stage.RETIRED).order_by("-number").first()
    if newest is not None:
        return newest
    source = _source(ref, field)
    known = ModelVersion.objects.filter(project=project, kind=ModelVersion.Kind.BASE, source=source)
    return known.order_by("-id").first() or ModelVersion(
        project=project, kind=ModelVersion.Kind.BASE, name=_name_for(source), source=source
    )


def save_new(model: ModelVersion) -> ModelVersion:
    """Give an unsaved version the next number of its name. Inside the caller's transaction."""
    if model.pk is None:
        # The project's row is the lock that hands out numbers one at a time.
        type(model.project).objects.select_for_update().get(pk=model.project_id)
        versions = ModelVersion.objects.filter(project=model.project, name=model.name)
        model.number = (versions.aggregate(last=Max("number"))["last"] or 0) + 1
        model.save()
    return model


def set_stage(*, model: ModelVersion, stage: str, user: Any) -> ModelVersion:
    """Promoting one retires the version of its kind that was promoted before: one is in use."""
    if stage not in ModelVersion.Stage.values:
        raise DomainError(
            f"There is no stage {stage!r}: choose one of {', '.join(ModelVersion.Stage.values)}.",
            fields={"stage": "unknown"},
        )
    with transaction.atomic():
        if stage == ModelVersion.Stage.PROMOTED:
            ModelVersion.objects.filter(
                project=model.project, kind=model.kind, stage=ModelVersion.Stage.PROMOTED
            ).exclude(pk=model.pk).update(stage=ModelVersion.Stage.RETIRED)
        model.stage = stage
        model.save(update_fields=["stage"])
        audit.record(
            actor=user,
            action="model.staged",
            project_id=model.project_id,
            obj=model,
            data={"model": str(model), "stage": stage},
        )
        live.registry_changed(model.project_id)
    return model


def _source(value: str, field: str) -> str:
    """A folder as its absolute path, or a hub name as it is."""
    value = value.strip()
    folder = _folder(value)
    if folder is not None:
        if not os.path.isdir(folder):  # unlike Path.is_dir, it takes any text
            raise DomainError(
                f"There is no folder {value}: give a folder that this server can read.",
                fields={field: "no_folder"},
            )
        if not os.path.isfile(folder / "config.json"):
            raise DomainError(
                f"The folder {value} holds no config.json: give the folder of a saved transformers model.",
                fields={field: "no_config"},
            )
        return str(folder.resolve())
    if len(value) > 200 or not HUB_NAME.fullmatch(value):
        raise DomainError(
            f"“{value[:80]}” is no model: give name@number, a hub name such as org/model, or a folder.",
            fields={field: "unknown"},
        )
    return value


def _folder(value: str) -> Path | None:
    """The folder that `value` means, or None when it does not look like a path."""
    try:
        folder = settings.BASE_DIR / Path(value).expanduser()
    except RuntimeError:  # ~ of a user who does not exist
        return None
    looks_like_one = value.startswith(("/", ".", "~")) or (value and os.path.exists(folder))
    return folder if looks_like_one else None


def _name_for(source: str) -> str:
    last = source.rstrip("/").rpartition("/")[2].lower()
    return re.sub(r"[^a-z0-9._-]+", "-", last).lstrip("._-")[:80] or "base"
