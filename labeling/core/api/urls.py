"""Addresses of people: session, first administrator, password, tokens."""

from django.urls import path

from labeling.core.api.internal import PublishView
from labeling.core.api.me import MeView, PasswordView, TokensView, TokenView
from labeling.core.api.session import (
    PasswordResetConfirmView,
    PasswordResetView,
    SessionView,
    SetupView,
)

urlpatterns = [
    path("session", SessionView.as_view()),
    path("setup", SetupView.as_view()),
    path("password-reset", PasswordResetView.as_view()),
    path("password-reset/confirm", PasswordResetConfirmView.as_view()),
    path("me", MeView.as_view()),
    path("me/password", PasswordView.as_view()),
    path("tokens", TokensView.as_view()),
    path("tokens/<int:token_id>", TokenView.as_view()),
    path("internal/publish", PublishView.as_view()),
]
