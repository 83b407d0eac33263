"""The base of every API view: it says for each method who may call it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from labeling.core.api.pagination import PageCursor
from labeling.core.errors import Forbidden, NotFound
from labeling.core.models import User
from labeling.core.permissions import Access, Permission, Scope
from labeling.core.services import limits
from labeling.core.services.second_factor import second_factor_missing

LARGEST_ID = 2**63 - 1  # that a database can be asked for


class Negotiation(DefaultContentNegotiation):
    """Does not weigh what is acceptable where there is one answer and the caller takes it."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        if len(renderers) == 1 and not request.META.get("QUERY_STRING"):
            only = renderers[0].media_type
            if request.META.get("HTTP_ACCEPT", "*/*") in ("*/*", only):
                return renderers[0], only
        return super().select_renderer(request, renderers, format_suffix)


class ApiView(APIView):
    """`access` names, for each method it serves, an `Access` or the project `Permission` asked.

    A method without an entry is refused at start-up of the test suite, and as a 500 here:
    there is no default. Project permissions are checked by `check_project`, which a view with
    a project implements (see `ProjectView`).
    """

    content_negotiation_class = Negotiation
    access: ClassVar[Mapping[str, Access | Permission]] = {}
    # Methods that write and yet work in an archived project.
    served_while_archived: ClassVar[frozenset[str]] = frozenset()
    # What someone needs to set up a second factor.
    open_before_second_factor: ClassVar[bool] = False
    http_method_names: ClassVar[list[str]] = ["get", "post", "put", "patch", "delete", "head"]

    def needed(self) -> Access | Permission:
        method = str(self.request.method)
        return self.access["GET" if method == "HEAD" else method]

    def served(self) -> bool:
        """False for a method that will be answered with 405."""
        method = str(self.request.method).lower()
        return method in self.http_method_names and hasattr(self, method)

    def get_permissions(self) -> Sequence[BasePermission]:
        if not self.served() or self.needed() is Access.PUBLIC:
            return []
        return super().get_permissions()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not self.served():
            return
        if any(isinstance(number, int) and number > LARGEST_ID for number in kwargs.values()):
            raise NotFound("There is nothing with so large a number: take the address from a list.")
        needed = self.needed()
        if request.method not in SAFE_METHODS and isinstance(request.user, User):
            limits.count_write(user_id=request.user.pk, now=timezone.now())
        if needed in (Access.PUBLIC, Access.RUN_TOKEN):
            return
        self._check_second_factor(request)
        if isinstance(needed, Permission):
            self.check_project(request, needed, **kwargs)
            return
        if needed is Access.OPERATOR and not request.user.is_operator:
            raise Forbidden("Only an operator may do this: ask the person who runs this server.")
        self._check_token(request, needed)

    def writes(self) -> bool:
        """Whether this request changes a project; archived ones refuse it."""
        method = str(self.request.method)
        return method not in SAFE_METHODS and method not in self.served_while_archived

    def _check_token(self, request: Request, needed: Access | Permission) -> None:
        """Outside projects a token of any scope may look, and only one for administration may
        change or look at what is an operator's."""
        token = request.user.token
        if token is None or (needed is Access.SIGNED_IN and request.method in SAFE_METHODS):
            return
        if token.project_slug or not {Scope.ADMIN, Scope.ALL} & set(token.scopes):
            raise Forbidden(
                "This token's scopes do not include this: make one with the scope “admin”.",
                code="scope_missing",
            )

    def _check_second_factor(self, request: Request) -> None:
        """A token is its owner's key: where they must have a second factor, it waits for that too."""
        if self.open_before_second_factor or not second_factor_missing(request.user):
            return
        todo = "set it up under your account first."
        if request.user.token is not None:
            todo = "sign in as the owner of this token and set it up, and the token works again."
        raise Forbidden(f"This server asks for a second factor: {todo}", code="second_factor_needed")

    def handle_exception(self, exc: Exception) -> Response:
        """A refusal is JSON, whatever form of file was asked for."""
        self.request.accepted_renderer = JSONRenderer()
        self.request.accepted_media_type = JSONRenderer.media_type
        return super().handle_exception(exc)

    def check_project(self, request: Request, needed: Permission, **kwargs: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__} asks for {needed} of no project")

    def page(
        self, queryset: QuerySet[Any], serializer_class: type[Serializer], *, ordering: str = "-id"
    ) -> Response:
        """One page of `queryset`, newest first unless told otherwise."""
        paginator = PageCursor()
        paginator.ordering = (ordering,)
        rows = paginator.paginate_queryset(queryset, self.request, view=self)
        return paginator.get_paginated_response(serializer_class(rows, many=True).data)
