from labeling.core.models import AuditEvent
from labeling.models import GuidelineVersion

GUIDELINES = "/api/projects/support/guidelines"


def test_each_text_is_a_new_version_and_the_newest_comes_first(as_lena, as_bob, project):
    answer = as_lena.post(GUIDELINES, {"text": "Prefer the true reply."}, format="json")
    assert answer.status_code == 201
    assert answer.json()["number"] == 2
    rows = as_bob.get(GUIDELINES).json()["results"]
    assert [(row["number"], row["created_by"]) for row in rows] == [(2, "Lena"), (1, None)]
    assert as_bob.get("/api/projects/support").json()["guidelines"]["number"] == 2
    assert AuditEvent.objects.filter(action="guidelines.added", project_id=project.pk).count() == 1


def test_the_same_text_again_is_the_same_version(as_lena, project):
    text = GuidelineVersion.objects.get(project=project).text
    assert as_lena.post(GUIDELINES, {"text": text}, format="json").json()["number"] == 1


def test_empty_guidelines_are_refused(as_lena, project):
    assert as_lena.post(GUIDELINES, {"text": "  "}, format="json").status_code == 400
