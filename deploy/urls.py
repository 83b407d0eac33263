"""Every address: `/api/…` by the two sides, everything else is the single-page app."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView

from deploy.views import health, not_found, single_page_app

urlpatterns = [
    path("api/", include("labeling.api.urls")),
    path("api/", include("labeling.core.api.urls")),
    path("api/", include("rlhf.api.urls")),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/health", health, name="health"),
    # Where an OpenID Connect provider sends people back to.
    path("accounts/", include("labeling.core.api.oidc_urls")),
    # Named here so that they are JSON with DEBUG on as well.
    re_path(r"^(?:api|ws|static|assets)(?:/.*)?$", not_found, name="not-found"),
    re_path(r"^.*$", single_page_app, name="app"),
]
handler400 = "deploy.views.bad_request"
handler403 = "deploy.views.forbidden"
handler404 = "deploy.views.not_found"
handler500 = "deploy.views.server_error"
