import pytest

from labeling.core.errors import Forbidden, NotFound
from labeling.core.permissions import Permission
from labeling.models import Membership, Project
from labeling.services import access


def may(user, permission=Permission.PROJECT_VIEW):
    return access.require(user=user, project_slug="support", permission=permission)


def test_the_gate_takes_one_query(project, bob, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert may(bob, Permission.TASK_ANNOTATE) == project


def test_roles_add_up(project, lena):
    with pytest.raises(Forbidden):
        may(lena, Permission.RUN_LAUNCH)
    Membership.objects.create(project=project, user=lena, role="researcher")
    assert may(lena, Permission.RUN_LAUNCH) == may(lena, Permission.MEMBERS_MANAGE) == project


def test_roles_of_one_project_say_nothing_about_another(project, alice, charlie):
    Project.objects.create(slug="other", name="Other")
    with pytest.raises(NotFound):
        access.require(user=alice, project_slug="other", permission=Permission.PROJECT_VIEW)
    for nobody in (charlie, None):
        with pytest.raises(NotFound):
            may(nobody)
        with pytest.raises(NotFound):
            access.check(user=nobody, project=project, permission=Permission.PROJECT_VIEW)


def test_an_operator_passes_without_a_role(project, operator):
    assert may(operator, Permission.PROJECT_EDIT) == project
    operator.is_active = False
    with pytest.raises(NotFound):
        may(operator)
