"""Addresses of projects and of what belongs to them."""

from labeling.api import (
    assignments,
    demonstrations,
    exports,
    guidelines,
    imports,
    judgments,
    members,
    projects,
    prompts,
    protocols,
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
    *protocols.urlpatterns,
    *judgments.urlpatterns,
    *demonstrations.urlpatterns,
]
