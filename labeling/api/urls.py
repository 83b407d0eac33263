"""Addresses of projects and of what belongs to them."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
for _name in ("projects", "members", "guidelines", "imports", "prompts", "tasks", "assignments", "exports"):
    if find_spec(f"labeling.api.{_name}"):
        _module = __import__(f"labeling.api.{_name}", fromlist=["urlpatterns"])
        urlpatterns += _module.urlpatterns
