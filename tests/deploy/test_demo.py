from __future__ import annotations

import io

import pytest
from django.core.management import call_command

from deploy.management.commands import demo
from labeling.core.models import User
from labeling.models import Comparison, Membership, Project, Prompt, Slot
from rlhf.models import ModelVersion, RoundDefaults


def run_demo() -> str:
    said = io.StringIO()
    call_command("demo", stdout=said)
    return said.getvalue()


@pytest.mark.django_db
def test_demo_has_people_a_filled_queue_a_model_and_defaults_for_a_round():
    said = run_demo()
    project = Project.objects.get(slug=demo.SLUG)
    for email, _, role in (*demo.MEMBERS, (*demo.OWNER, "owner")):
        assert f"{role:11} {email}" in said
        assert User.objects.get(email=email).check_password(demo.PASSWORD)
        assert Membership.objects.filter(project=project, user__email=email, role=role).exists()
    assert Slot.objects.filter(task__project=project).count() >= 100
    assert Prompt.objects.filter(project=project, split="test").count() >= 50
    assert ModelVersion.objects.get(project=project).source.endswith("base-model")
    assert RoundDefaults.objects.get(project=project).spec["method"] == "dpo"
    assert RoundDefaults.objects.get(project=project).spec["judgments"] < 10
    assert Comparison.objects.filter(project=project, prompt__split="train").count() >= 100


@pytest.mark.django_db
def test_demo_run_again_changes_nothing():
    run_demo()
    before = (
        User.objects.count(),
        Prompt.objects.count(),
        Slot.objects.count(),
        ModelVersion.objects.count(),
    )
    run_demo()
    after = (User.objects.count(), Prompt.objects.count(), Slot.objects.count(), ModelVersion.objects.count())
    assert before == after
    assert Project.objects.count() == 1
