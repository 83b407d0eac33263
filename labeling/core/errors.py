"""The one family of errors that a person may see: what happened, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping


class DomainError(Exception):
    """An expected refusal. The API turns it into `{code, message, fields}` with `status`;
    a command prints `message` and exits with 1."""

    code = "invalid"
    status = 400

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        fields: Mapping[str, object] | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.fields = dict(fields or {})
        self.status = status or self.status

    def __reduce__(self):
        return (_rebuild, (type(self), self.message, self.code, self.fields, self.status))


def _rebuild(cls, message, code, fields, status):
    return cls(message, code=code, fields=fields, status=status)


class NotFound(DomainError):
    """Also raised for what exists but may not be known to the person asking."""

    code = "not_found"
    status = 404


class Forbidden(DomainError):
    code = "forbidden"
    status = 403


class Conflict(DomainError):
    """The state moved on: retrying the same request will not help, reloading will."""

    code = "conflict"
    status = 409
