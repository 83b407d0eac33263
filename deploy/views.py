"""What is neither side's: health, the page itself, and errors before any view."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from labeling.core.api.exceptions import json_error

# Scripts and styles come from this server only: what a model wrote must never run. Parts of the page
# write styles while it runs, under the nonce of that page.
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "style-src 'self' 'nonce-{nonce}'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
# What the build writes where the nonce belongs (frontend/vite.config.ts).
NONCE_PLACE = b"PAGE_NONCE"
_migrated = False


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """200 when the database answers and every migration is applied."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        ready = _migrations_applied()
    except DatabaseError:
        return json_error(
            status=503, code="no_database", message="The database does not answer: check DATABASE_URL."
        )
    if not ready:
        return json_error(
            status=503, code="not_migrated", message="Migrations are missing: run `manage.py migrate`."
        )
    return JsonResponse({"status": "ok"})


def _migrations_applied() -> bool:
    """Reading the migration graph is slow and, once true, the answer stays."""
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _migrated


@ensure_csrf_cookie
@require_safe
def single_page_app(request: HttpRequest) -> HttpResponse:
    try:
        page = (settings.FRONTEND_DIST / "index.html").read_bytes()
    except FileNotFoundError:
        message = "The web page is not built: run `make setup`, then start the server again.\n"
        response = HttpResponse(message, status=503, content_type="text/plain; charset=utf-8")
    else:
        nonce = secrets.token_urlsafe(16)
        response = HttpResponse(page.replace(NONCE_PLACE, nonce.encode()))
        response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.format(nonce=nonce)
    response["Cache-Control"] = "no-store"
    return response


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    return json_error(
        status=404, code="not_found", message="There is nothing at this address for you: check it."
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    return json_error(
        status=400, code="bad_request", message="The server could not read this request: correct it."
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    return json_error(
        status=403, code="forbidden", message="You may not do this: ask an owner of the project."
    )


def server_error(request: HttpRequest) -> HttpResponseBase:
    return json_error(
        status=500,
        code="server_error",
        message="Something broke on our side: try again, then tell the operator.",
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    return json_error(
        status=403,
        code="csrf_failed",
        message="The page's security token is missing or old: reload the page and try again.",
    )
