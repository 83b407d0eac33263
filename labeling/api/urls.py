"""Addresses of projects and of what belongs to them."""

from labeling.api import (
    assignments,
    exports,
    guidelines,
    imports,
    members,
    projects,
    prompts,
    quality,
    second_looks,
    tasks,
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
    *quality.urlpatterns,
    *second_looks.urlpatterns,
]
