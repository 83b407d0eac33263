"""Views of what belongs to a project on the RLHF side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import FileResponse
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from labeling.core.api.views import ApiView
from labeling.core.errors import DomainError, NotFound
from labeling.core.permissions import Permission
from labeling.services import access
from rlhf import storage


class ProjectView(ApiView):
    """A view under /api/projects/<slug>: `self.project` is set once the caller may be here."""

    project: Any

    def check_project(self, request: Request, needed: Permission, **kwargs: Any) -> None:
        self.project = access.require(
            user=request.user, project_slug=kwargs["slug"], permission=needed, writes=self.writes()
        )


def check_visible(request: Request, project: Any, needed: Permission, unknown: NotFound) -> None:
    """For what is found by its own id: an outsider learns no more than that there is nothing."""
    try:
        writes = request.method not in SAFE_METHODS
        access.check(user=request.user, project=project, permission=needed, writes=writes)
    except NotFound:
        raise unknown from None


def json_object(request: Request) -> Mapping[str, Any]:
    if not isinstance(request.data, Mapping):
        raise DomainError("Send a JSON object.", code="parse_error")
    return request.data


def whole_number(request: Request, name: str, default: int, *, high: int = 2**62) -> int:
    """A query parameter that counts something."""
    raw = request.query_params.get(name, "")
    if not raw:
        return default
    if not (raw.isascii() and raw.isdecimal()) or int(raw) > high:
        raise DomainError(f"Give {name} as a whole number from 0 to {high}.", fields={name: "invalid"})
    return int(raw)


def one_of(request: Request, name: str, choices: Sequence[str]) -> str | None:
    """A query parameter with a few values; None when it is left out."""
    raw = request.query_params.get(name) or None
    if raw is not None and raw not in choices:
        raise DomainError(f"Give {name} as one of {', '.join(choices)}.", fields={name: "invalid"})
    return raw


class ArtifactResponse(FileResponse):
    """A stored file, a megabyte at a time."""

    block_size = storage.CHUNK_BYTES


def artifact(*, path: str, size: int, name: str) -> ArtifactResponse:
    try:
        file = storage.open_file(path)
    except FileNotFoundError:
        raise NotFound(f"The file {name} is no longer stored.") from None
    response = ArtifactResponse(
        file, as_attachment=True, filename=name.rpartition("/")[2], content_type="application/octet-stream"
    )
    response["Content-Length"] = str(size)
    return response
