"""Addresses of projects and of what belongs to them."""

from labeling.api import (
    activity,
    assignments,
    exports,
    guidelines,
    imports,
    members,
    projects,
    prompts,
    steering,
    tasks,
)

urlpatterns = [
    *projects.urlpatterns,
    *members.urlpatterns,
    *guidelines.urlpatterns,
    *imports.urlpatterns,
    *prompts.urlpatterns,
    *tasks.urlpatterns,
    *steering.urlpatterns,
    *activity.urlpatterns,
    *assignments.urlpatterns,
    *exports.urlpatterns,
]
