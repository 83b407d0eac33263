"""Every refusal leaves as `{code, message, fields}`: a word for programs, a sentence for people."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFilesSent
from django.db import DataError, IntegrityError
from django.http import Http404, JsonResponse
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import set_rollback

from labeling.core.errors import DomainError

logger = logging.getLogger(__name__)


def body(code: str, message: str, fields: Mapping[str, object] | None = None) -> dict[str, object]:
    return {"code": code, "message": message, "fields": dict(fields or {})}


def json_error(*, status: int, code: str, message: str) -> JsonResponse:
    """The same shape, for what fails before or outside REST framework."""
    return JsonResponse(body(code, message), status=status)


def handle(exc: Exception, context: Mapping[str, Any]) -> Response:
    status, content, headers = describe(exc)
    if status >= 500:
        logger.error("unhandled error in %s", _where(context), exc_info=exc)
    set_rollback()
    if context.get("request") is not None:
        # Whatever was asked for, CSV or lines: a refusal is JSON.
        context["request"].accepted_renderer = JSONRenderer()
        context["request"].accepted_media_type = JSONRenderer.media_type
    return Response(content, status=status, headers=headers)


def describe(exc: Exception) -> tuple[int, dict[str, object], dict[str, str]]:
    """Status, body and headers that tell the caller about `exc`; 500 if nothing was expected."""
    match exc:
        case DomainError():
            return exc.status, body(exc.code, exc.message, exc.fields), _retry_after(exc)
        case exceptions.ValidationError():
            return 400, _validation(exc.detail), {}
        case exceptions.APIException():
            return exc.status_code, _api_exception(exc), _headers(exc)
        case Http404():
            return 404, body("not_found", "There is nothing at this address for you: check it."), {}
        case PermissionDenied():
            return 403, body("forbidden", "You may not do this: ask an owner of the project."), {}
        case RequestDataTooBig() | TooManyFilesSent():
            return 413, body("too_large", "The request is too large: send it in smaller parts."), {}
        case UnicodeError() | DataError():
            return 400, body("invalid", "The request holds text that cannot be stored: send valid UTF-8."), {}
        case RecursionError():
            return 400, body("parse_error", "The body is nested too deeply: flatten it."), {}
        case IntegrityError():
            # Someone else wrote first; services translate the races they know into a better sentence.
            return 409, body("conflict", "Someone changed this at the same moment: reload and try again."), {}
        case _:
            return (
                500,
                body("server_error", "This failed on our side: try again, then tell the operator."),
                {},
            )


def _retry_after(exc: DomainError) -> dict[str, str]:
    wait = exc.fields.get("wait_seconds")
    return {"Retry-After": str(wait)} if exc.status == 429 and wait else {}


def _api_exception(exc: exceptions.APIException) -> dict[str, object]:
    known = {
        exceptions.NotAuthenticated: ("not_signed_in", "Sign in first, or send an API token."),
        exceptions.MethodNotAllowed: ("method_not_allowed", "This address does not take that method."),
        exceptions.NotFound: ("not_found", "There is nothing at this address for you: check it."),
        exceptions.UnsupportedMediaType: (
            "unsupported_media_type",
            "This address does not take that content type: look it up in /api/schema.",
        ),
        exceptions.NotAcceptable: ("not_acceptable", "This address answers in JSON: accept that."),
        exceptions.ParseError: ("parse_error", "The body is not valid JSON: correct it and send it again."),
    }
    for kind, (code, message) in known.items():
        if isinstance(exc, kind):
            return body(code, message)
    if isinstance(exc, exceptions.Throttled):
        seconds = int(exc.wait or 60)
        return body("throttled", f"Too many tries: wait {seconds} seconds and try again.")
    codes = exc.get_codes()
    return body(codes if isinstance(codes, str) else "refused", str(exc.detail))


def _headers(exc: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = exc.auth_header
    if getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(exc.wait))
    return headers


def _validation(detail: Any) -> dict[str, object]:
    if isinstance(detail, list):
        return body("invalid", _first_sentence(detail))
    first = next(iter(detail), None)
    sentence = _first_sentence(detail)
    message = sentence if first in (None, "non_field_errors") else f"{first}: {sentence}"
    return body("invalid", message, detail)


def _first_sentence(detail: Any) -> str:
    while isinstance(detail, (list, dict)) and detail:
        if isinstance(detail, dict):
            detail = next(iter(detail.values()))
        else:
            detail = next((part for part in detail if part), "")
    sentence = str(detail) if detail else "The request is not valid"
    return sentence if sentence[-1] in ".!?" else f"{sentence}."


def _where(context: Mapping[str, Any]) -> str:
    request = context.get("request")
    return f"{request.method} {request.path}" if request else "?"
