"""Addresses of people: session, first administrator, password, tokens."""

from django.urls import path

from labeling.core.api.audit import AuditCsvView, AuditView
from labeling.core.api.internal import PublishView
from labeling.core.api.me import MeView, PasswordView, PreferencesView, TokensView, TokenView
from labeling.core.api.oidc import ProvidersView
from labeling.core.api.second_factor import RecoveryCodesView, SecondFactorSecretView, SecondFactorView
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
    path("session/providers", ProvidersView.as_view()),
    path("me/second-factor", SecondFactorView.as_view()),
    path("me/second-factor/secret", SecondFactorSecretView.as_view()),
    path("me/second-factor/recovery-codes", RecoveryCodesView.as_view()),
    path("audit", AuditView.as_view()),
    path("audit/csv", AuditCsvView.as_view()),
    path("me", MeView.as_view()),
    path("me/preferences", PreferencesView.as_view()),
    path("me/password", PasswordView.as_view()),
    path("tokens", TokensView.as_view()),
    path("tokens/<int:token_id>", TokenView.as_view()),
    path("internal/publish", PublishView.as_view()),
]
