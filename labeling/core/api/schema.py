"""What drf-spectacular cannot see: how people authenticate, and the one shape of errors."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

ERROR = {"$ref": "#/components/schemas/ApiError"}
METHODS = {"get", "post", "put", "patch", "delete"}


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "labeling.core.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "From POST /api/session. Writes also send the cookie `csrftoken` as X-CSRFToken.",
        }


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "labeling.core.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An API token: `pl_…`."}


def add_errors(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Declare on every operation that a refusal is an ApiError."""
    result["components"].setdefault("schemas", {})["ApiError"] = {
        "type": "object",
        "required": ["code", "message", "fields"],
        "properties": {
            "code": {"type": "string", "description": "A stable word for programs."},
            "message": {"type": "string", "description": "One sentence that says what to do."},
            "fields": {
                "type": "object",
                "additionalProperties": {},
                "description": "What is wrong, by field name.",
            },
        },
    }
    refusal = {"description": "Refused.", "content": {"application/json": {"schema": ERROR}}}
    for path in result["paths"].values():
        for method, operation in path.items():
            if method in METHODS:
                operation["responses"].setdefault("4XX", refusal)
    return result
