from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labeling.core.models import User
from labeling.models import Project
from rlhf.models import Run, Snapshot
from rlhf.services import launching
from rlhf.services.snapshots import freeze
from tests.rlhf import factories
from tests.rlhf.factories import NOON


@pytest.fixture
def base(tmp_path: Path) -> str:
    """The folder of a model that is never loaded."""
    return factories.base_model(tmp_path)


@pytest.fixture
def labeled(project: Project, settings: Any, tmp_path: Path) -> Project:
    """“Support” with 40 imported comparisons over all three splits."""
    settings.WORKDIR = tmp_path / "work"
    factories.add_preferences(project, 40)
    return project


@pytest.fixture
def preferences(labeled: Project, rita: User) -> Snapshot:
    return freeze(project=labeled, kind="preferences", filters={}, user=rita, now=NOON)


@pytest.fixture
def launch(labeled: Project, rita: User, base: str) -> Callable[..., Run]:
    """Queue a run of the labeled project; the model is the base unless told otherwise."""

    def queue(kind: str, **fields: Any) -> Run:
        raw = {"kind": kind, "model": base, **fields}
        return launching.launch(project=labeled, raw=raw, user=rita, now=NOON)

    return queue
