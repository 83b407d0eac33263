"""Addresses of projects and of what belongs to them."""

from labeling.api import (
    assignments,
    exports,
    guidelines,
    imports,
    members,
    notifications,
    projects,
    prompts,
    tasks,
    webhooks,
)

urlpatterns = [
    *projects.urlpatterns,
    *members.urlpatterns,
    *guidelines.urlpatterns,
    *imports.urlpatterns,
    *prompts.urlpatterns,
    *tasks.urlpatterns,
    *assignments.urlpatterns,
    *exports.urlpatterns,
    *webhooks.urlpatterns,
    *notifications.urlpatterns,
]
