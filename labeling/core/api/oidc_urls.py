"""The one address of django-allauth that is served: where a provider sends people back to.

Signing in starts at POST /api/session/providers."""

from allauth.socialaccount.providers.openid_connect.views import callback
from django.urls import path

urlpatterns = [path("oidc/<provider_id>/login/callback/", callback, name="openid_connect_callback")]
