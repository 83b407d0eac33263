"""Every address: `/api/…` by the two sides, everything else is the single-page app."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView

from deploy.views import health, single_page_app

urlpatterns = [
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/health", health, name="health"),
    path("api/", include("labeling.core.api.urls")),
    path("api/", include("labeling.api.urls")),
    path("api/", include("rlhf.api.urls")),
    re_path(r"^(?!api/|ws/|static/|assets/).*$", single_page_app, name="app"),
]
