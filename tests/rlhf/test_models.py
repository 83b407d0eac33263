from __future__ import annotations

import pytest

from labeling.core.errors import DomainError
from labeling.models import Judgment, Project
from rlhf.models import ModelVersion
from rlhf.selectors import models as selectors
from rlhf.services import models
from tests.rlhf.factories import NOON, add_preferences, base_model, begin

pytestmark = pytest.mark.django_db


def register(project: Project, user, name="tiny", source="org/tiny", kind="base") -> ModelVersion:
    return models.register(project=project, name=name, kind=kind, source=source, user=user, now=NOON)


def test_each_registration_takes_the_next_number_of_its_name(project, rita):
    made = [register(project, rita), register(project, rita), register(project, rita, name="other")]
    assert [str(model) for model in made] == ["tiny@1", "tiny@2", "other@1"]


def test_a_reference_names_a_number_or_the_newest_that_is_not_retired(project, rita):
    register(project, rita)
    second = register(project, rita)
    assert models.resolve(project=project, ref="tiny@1").number == 1
    assert models.resolve(project=project, ref="tiny") == second
    models.set_stage(model=second, stage="retired", user=rita)
    assert models.resolve(project=project, ref="tiny").number == 1


def test_a_folder_is_registered_once_under_its_own_name(project, tmp_path):
    folder = base_model(tmp_path, "My Model")
    first = models.save_new(models.resolve(project=project, ref=folder))
    assert (str(first), first.kind, first.source) == ("my-model@1", "base", folder)
    assert models.resolve(project=project, ref=folder + "/") == first


def test_a_hub_name_is_taken_as_it_is(project):
    model = models.resolve(project=project, ref="Qwen/Qwen3-0.6B")
    assert (model.source, model.name, model.pk) == ("Qwen/Qwen3-0.6B", "qwen3-0.6b", None)


@pytest.mark.once
@pytest.mark.parametrize(
    ("ref", "words"),
    [
        ("policy@7", "no model “policy@7”"),
        ("policy@x", "no model"),
        ("/nowhere/at/all", "no folder"),
        ("./nowhere", "no folder"),
        ("~nobody-has-this-name/model", "is no model"),
        ("deploy", "no config.json"),
        ("a/b/c", "is no model"),
        ("org/../etc", "is no model"),
        ("spaces are wrong", "is no model"),
        ("spaces\x00 and nul", "is no model"),
        ("x" * 290, "is no model"),
        ("/" + "x" * 290, "no folder"),
    ],
)
def test_what_names_no_model_is_refused_in_one_sentence(project, ref, words):
    with pytest.raises(DomainError, match=words) as refused:
        models.resolve(project=project, ref=ref)
    assert refused.value.fields


def test_models_of_another_project_are_unknown(project, rita):
    other = Project.objects.create(slug="other", name="Other")
    register(project, rita)
    with pytest.raises(DomainError):
        models.resolve(project=other, ref="tiny@1")


def test_promoting_retires_the_one_promoted_before(project, rita):
    first, second = register(project, rita, kind="policy"), register(project, rita, kind="policy")
    reward = register(project, rita, kind="reward", name="judge")
    for model in (first, reward, second):
        models.set_stage(model=model, stage="promoted", user=rita)
    stages = dict(ModelVersion.objects.values_list("pk", "stage"))
    assert [stages[model.pk] for model in (first, second, reward)] == ["retired", "promoted", "promoted"]
    assert selectors.promoted_policy(project_id=project.pk) == second


def test_lineage_leads_from_a_model_to_its_judgments_and_back(launch, preferences, labeled, rita):
    """policy@1 grew from the base, and a reward model that read the same judgments drove policy@2."""
    reward = launch("reward", snapshot=preferences.pk)
    begin(reward).finish_training()
    dpo = launch("dpo", snapshot=preferences.pk)
    begin(dpo).finish_training()
    rloo = launch("rloo", model="policy@1", reward_model="reward@1", snapshot=preferences.pk)
    begin(rloo).finish_training()
    rloo.refresh_from_db()
    add_preferences(labeled, 1, word="Unused")

    found = selectors.lineage(model=rloo.produced_model)
    assert [str(model) for model in found.ancestors] == ["base-model@1", "reward@1", "policy@1"]
    assert found.snapshots == [preferences]
    assert found.runs == [reward, dpo, rloo]
    assert found.num_judgments == 40 == selectors.judgments_of(model=rloo.produced_model).count()

    used, unused = Judgment.objects.order_by("pk").first(), Judgment.objects.order_by("pk").last()
    touched = selectors.touched_by(project_id=labeled.pk, judgment_id=used.pk)
    assert [str(model) for model in touched] == ["reward@1", "policy@1", "policy@2"]
    assert selectors.touched_by(project_id=labeled.pk, judgment_id=unused.pk) == []


class TestApi:
    def test_rita_registers_promotes_and_traces(self, project, as_rita, base):
        made = as_rita.post(
            "/api/projects/support/models", {"name": "tiny", "kind": "policy", "source": base}, format="json"
        )
        assert made.status_code == 201, made.json()
        address = f"/api/models/{made.json()['id']}"
        staged = as_rita.post(f"{address}/stage", {"stage": "promoted"}, format="json")
        assert staged.json()["stage"] == "promoted"
        assert as_rita.get(f"{address}/lineage").json() == {
            "snapshots": [],
            "num_judgments": 0,
            "ancestors": [],
            "runs": [],
        }
        listed = as_rita.get("/api/projects/support/models").json()["results"]
        assert [model["ref"] for model in listed] == ["tiny@1"]

    def test_a_folder_without_a_model_is_refused_with_its_field(self, project, as_rita, tmp_path):
        body = {"name": "tiny", "kind": "base", "source": str(tmp_path)}
        refused = as_rita.post("/api/projects/support/models", body, format="json")
        assert refused.status_code == 400
        assert refused.json()["fields"] == {"source": "no_config"}
        assert not ModelVersion.objects.exists()

    def test_the_models_of_a_judgment_can_be_asked_for(self, labeled, as_lena):
        number = Judgment.objects.first().pk
        answer = as_lena.get(f"/api/projects/support/judgments/{number}/models")
        assert answer.json() == {"models": []}

    def test_charlie_sees_no_model(self, project, rita, as_charlie):
        number = register(project, rita).pk
        for address in (f"/api/models/{number}", f"/api/models/{number}/lineage"):
            assert as_charlie.get(address).status_code == 404
        assert as_charlie.get("/api/projects/support/models").status_code == 404

    def test_lena_may_look_but_not_promote(self, project, rita, as_lena):
        number = register(project, rita).pk
        assert as_lena.get(f"/api/models/{number}").status_code == 200
        refused = as_lena.post(f"/api/models/{number}/stage", {"stage": "promoted"}, format="json")
        assert refused.status_code == 403
