"""Workers show the token of their attempt: `Authorization: Bearer plr_…`."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from rlhf.models import Run
from rlhf.selectors import runs as run_selectors
from rlhf.services import runs


class Worker:
    """Who is asking: not a person, and good for nothing but its run."""

    is_authenticated = True
    is_operator = False

    def __init__(self, run: Run) -> None:
        self.run = run


class RunTokenAuthentication(authentication.BaseAuthentication):
    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

    def authenticate(self, request: Request) -> tuple[Worker, Run]:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        run = None
        if scheme.lower() == "bearer" and token.startswith(runs.TOKEN_PREFIX):
            run = run_selectors.by_token(digest=runs.digest(token.strip()))
        if run is None:
            dead = runs.dead_token()
            raise exceptions.AuthenticationFailed(dead.message, code=dead.code)
        return Worker(run), run


class RunTokenScheme(OpenApiAuthenticationExtension):
    target_class = "rlhf.api.authentication.RunTokenAuthentication"
    name = "runToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "The token of one attempt: `plr_…`."}
