"""sample → label → snapshot → reward → policy → evaluate, one guarded thing at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from labeling.core.errors import Conflict, DomainError
from labeling.core.models import User
from labeling.models import Judgment, Project, Slot, Task
from rlhf.models import ModelVersion, Round, RoundStep, Run
from rlhf.services import rounds, runs
from tests.labeling.factories import fill_queue
from tests.rlhf import factories
from tests.rlhf.factories import NOON, SOON, begin, complete, rank_everything

pytestmark = pytest.mark.django_db
LATER = SOON + timedelta(minutes=5)


@pytest.fixture
def asked(project: Project, base: str) -> dict[str, Any]:
    """A small round over 60 prompts."""
    factories.add_prompts(project, 60)
    return {
        "policy": base,
        "judgments": 10,
        "evaluate": {"num_prompts": 6, "human_judgments": 4},
    }


@pytest.fixture
def start(project: Project, rita: User, asked: dict[str, Any]) -> Callable[..., Round]:
    def launch(**changes: Any) -> Round:
        return rounds.launch(project=project, raw={**asked, **changes}, user=rita, now=NOON)

    return launch


def advance(round_: Round, *, now=SOON) -> None:
    """Until it waits for something."""
    for _ in range(20):
        if not rounds.advance(round_id=round_.pk, now=now):
            return
    raise AssertionError("the round goes round in circles")


def states(round_: Round) -> str:
    """Like “done done running waiting waiting waiting”."""
    return " ".join(step.state for step in round_.steps.order_by("position"))


def step_of(round_: Round, name: str) -> RoundStep:
    return round_.steps.get(name=name)


def finish_round(round_: Round, *people: User, skill: int = 3, now=SOON) -> None:
    """Play everyone's part until the round is over."""
    for _ in range(12):
        advance(round_, now=now)
        round_.refresh_from_db()
        if round_.state != Round.State.RUNNING:
            return
        if Run.objects.filter(state=Run.State.QUEUED).exists():
            complete(begin(now=now), skill=skill)
        else:
            assert rank_everything(round_.project, *people, now=now)
    raise AssertionError(f"the round is stuck: {states(round_)}")


class TestSteps:
    @pytest.mark.once
    def test_a_round_goes_step_by_step_to_the_next_one(self, start, project, bob):
        first = start()
        advance(first)
        assert states(first) == "running waiting waiting waiting waiting waiting"
        sample = step_of(first, "sample").run
        assert (sample.kind, sample.spec["num_prompts"], sample.spec["priority"]) == ("sample", 13, 1)

        complete(begin(sample))
        advance(first)
        assert states(first) == "done running waiting waiting waiting waiting"
        assert step_of(first, "sample").summary == {"tasks": 13, "skipped": 0}
        assert step_of(first, "label").summary == {"judgments": 0, "wanted": 10}

        rank_everything(project, bob, limit=4)
        advance(first)
        assert step_of(first, "label").summary == {"judgments": 4, "wanted": 10}
        rank_everything(project, bob)
        advance(first)
        assert states(first) == "done done done running waiting waiting"
        assert step_of(first, "snapshot").snapshot.num_rows["train"] > 0
        reward = step_of(first, "reward").run
        assert str(ModelVersion.objects.get(pk=reward.inputs["models"]["model"])) == "base-model@1"

        complete(begin(reward))
        advance(first)
        assert states(first) == "done done done done running waiting"
        assert step_of(first, "reward").summary["accuracy"]["value"] == 0.8

        complete(begin(step_of(first, "policy").run))
        advance(first)
        assert states(first) == "done done done done done running"
        evaluation = step_of(first, "evaluate").run
        assert evaluation.spec["baselines"] == ["base-model@1"]
        assert evaluation.spec["reward_model"] == "reward@1"
        assert evaluation.spec["human_tasks"] == 4

        complete(begin(evaluation))
        advance(first)
        assert step_of(first, "evaluate").summary["human"] == {"done": 0, "wanted": 4}
        rank_everything(project, bob)
        advance(first)
        first.refresh_from_db()
        assert (first.state, str(first.policy_out)) == ("succeeded", "policy@1")
        assert states(first) == "done done done done done done"

        second = Round.objects.get(number=2)
        assert second.state == "running"
        assert second.spec["base"] == "base-model@1"

    @pytest.mark.once
    @pytest.mark.parametrize("method", ["ppo", "rloo", "grpo"])
    def test_rl_is_driven_by_the_rounds_reward_model(self, start, bob, method):
        turn = start(method=method, continue_with_next=False)
        finish_round(turn, bob)
        assert turn.state == "succeeded"
        run = step_of(turn, "policy").run
        assert (run.kind, run.spec["reward_model"]) == (method, "reward@1")

    def test_open_tasks_make_sampling_needless_for_a_base_model(self, start, project, bob):
        fill_queue(project, 30, word="Open")
        turn = start()
        advance(turn)
        assert states(turn).startswith("skipped running")

    @pytest.mark.once
    def test_a_new_policy_is_sampled_even_when_tasks_are_open(self, start, project, bob):
        finish_round(start(promote="always"), bob)
        fill_queue(project, 30, word="Open")
        second = Round.objects.get(number=2)
        assert str(second.policy_in) == "policy@1"
        advance(second)
        assert step_of(second, "sample").run.spec["model"] == "policy@1"

    def test_what_an_older_policy_wrote_is_withdrawn_when_the_new_one_has_written(self, start, project, bob):
        first = start(promote="always")
        advance(first)
        complete(begin())
        rank_everything(project, bob, limit=10)
        finish_round(first, bob)
        old = Task.objects.filter(batch__reference=f"run:{step_of(first, 'sample').run_id}:tasks")
        imported = fill_queue(project, 2, word="Imported").batch
        Slot.objects.filter(task__in=old).update(state="open")

        second = Round.objects.get(number=2)
        advance(second)
        complete(begin())
        advance(second)
        assert not Slot.objects.filter(task__in=old, withdrawn=False).exists()
        assert Slot.objects.filter(task__batch=imported, withdrawn=False).count() == 2

    @pytest.mark.once
    def test_labels_from_before_the_round_do_not_count(self, start, project, bob):
        fill_queue(project, 12, word="Before")
        rank_everything(project, bob, now=NOON - timedelta(hours=1))
        turn = start()
        advance(turn)
        complete(begin())
        advance(turn)
        assert step_of(turn, "label").summary == {"judgments": 0, "wanted": 10}

    def test_too_few_tasks_are_topped_up_with_fresh_samples(self, start, project, bob):
        turn = start(judgments=10)
        advance(turn)
        first_seed = step_of(turn, "sample").run.spec["seed"]
        complete(begin())
        Slot.objects.filter(pk__in=Slot.objects.values("pk")[:8]).delete()
        rank_everything(project, bob)
        advance(turn)
        more = step_of(turn, "label").run
        assert (more.kind, more.state) == ("sample", "queued")
        assert more.spec["seed"] != first_seed
        complete(begin(more))
        rank_everything(project, bob)
        advance(turn)
        assert step_of(turn, "label").state == "done"

    @pytest.mark.once
    def test_a_policy_with_one_answer_to_everything_ends_the_round_with_the_reason(self, start):
        turn = start()
        for _ in range(2):
            advance(turn)
            worker = begin()
            same = [{"text": "Yes.", "finish": "stop"}] * 2
            prompts = factories._prompts(worker.assignment())
            worker.put_rows([{"prompt_id": prompt, "completions": same} for prompt in prompts])
            worker.finish()
        advance(turn)
        turn.refresh_from_db()
        assert turn.state == "failed"
        assert "raise the sampling temperature" in turn.error

    def test_advancing_twice_starts_nothing_twice(self, start):
        turn = start()
        for _ in range(5):
            rounds.advance(round_id=turn.pk, now=SOON)
        assert Run.objects.count() == 1

    @pytest.mark.parametrize("where", ["create", "_set", "prepare"])
    def test_a_crash_between_deciding_and_writing_leaves_nothing_half_done(self, start, monkeypatch, where):
        turn = start()
        target = {
            "create": "rlhf.services.launching.create",
            "prepare": "rlhf.services.launching.prepare",
            "_set": "rlhf.services.round_steps._set",
        }[where]

        def crash(*args: Any, **kwargs: Any) -> None:
            raise SystemExit("killed")

        with monkeypatch.context() as patch:
            patch.setattr(target, crash)
            with pytest.raises(SystemExit):
                rounds.advance(round_id=turn.pk, now=SOON)
        assert not Run.objects.exists()
        assert states(turn).startswith("waiting")
        advance(turn)
        assert states(turn).startswith("running")
        assert Run.objects.count() == 1

    def test_a_crash_at_the_very_end_neither_promotes_nor_begins_the_next_round(
        self, start, project, bob, monkeypatch
    ):
        turn = start()

        def crash(*args: Any, **kwargs: Any) -> None:
            raise SystemExit("killed")

        with monkeypatch.context() as patch:
            patch.setattr("rlhf.services.round_ending.create", crash)
            with pytest.raises(SystemExit):
                finish_round(turn, bob)
        turn.refresh_from_db()
        assert turn.state == "running"
        assert not ModelVersion.objects.filter(stage="promoted").exists()
        finish_round(turn, bob)
        assert (turn.state, Round.objects.count()) == ("succeeded", 2)

    def test_a_failed_run_fails_the_round_with_its_error(self, start):
        turn = start()
        advance(turn)
        begin().finish("failed", error="No such model on the hub.")
        advance(turn)
        turn.refresh_from_db()
        assert (turn.state, turn.error) == ("failed", "No such model on the hub.")
        assert states(turn).startswith("failed waiting")


@pytest.mark.once
class TestPromotion:
    def test_a_better_policy_is_promoted_and_improved_next(self, start, bob, settings):
        turn = start(evaluate={"num_prompts": 8, "human_judgments": 8})
        finish_round(turn, bob, skill=3)
        assert step_of(turn, "evaluate").summary["promoted"] is True
        assert turn.policy_out.stage == "promoted"
        assert Round.objects.get(number=2).policy_in == turn.policy_out

    def test_a_policy_that_people_like_less_is_not(self, start, bob):
        turn = start(evaluate={"num_prompts": 8, "human_judgments": 8})
        finish_round(turn, bob, skill=0)
        assert step_of(turn, "evaluate").summary["promoted"] is False
        assert turn.policy_out.stage == "candidate"
        assert Round.objects.get(number=2).policy_in == turn.policy_in

    def test_too_few_wins_to_be_sure_do_not_promote(self, start, bob):
        """Three of three is a win rate of 1 with an interval that reaches below one half."""
        turn = start(evaluate={"num_prompts": 8, "human_judgments": 3})
        finish_round(turn, bob, skill=3)
        rate = step_of(turn, "evaluate").summary["win_rates"][-1]["win_rate"]
        assert (rate["value"], rate["n"]) == (1.0, 3)
        assert rate["low"] < 0.5
        assert step_of(turn, "evaluate").summary["promoted"] is False

    def test_without_people_the_reward_models_view_decides(self, start, bob):
        turn = start(evaluate={"num_prompts": 8, "human_judgments": 0})
        finish_round(turn, bob)
        assert step_of(turn, "evaluate").summary["promoted"] is True

    @pytest.mark.parametrize(("rule", "skill", "promoted"), [("always", 0, True), ("never", 3, False)])
    def test_the_rule_may_be_always_or_never(self, start, bob, rule, skill, promoted):
        turn = start(promote=rule)
        finish_round(turn, bob, skill=skill)
        assert step_of(turn, "evaluate").summary["promoted"] is promoted

    def test_later_rounds_compare_with_the_base_and_with_the_policy_in_use(self, start, bob):
        first = start(promote="always")
        finish_round(first, bob)
        second = Round.objects.get(number=2)
        finish_round(second, bob, now=LATER)
        run = step_of(second, "evaluate").run
        assert run.spec["baselines"] == ["base-model@1", "policy@1"]
        assert ModelVersion.objects.get(name="policy", number=1).stage == "retired"

    def test_people_may_go_on_judging_after_the_round(self, start, project, bob, carol, as_rita):
        turn = start(evaluate={"num_prompts": 8, "human_judgments": 4}, continue_with_next=False)
        finish_round(turn, bob)
        Judgment.objects.filter(task__arm="evaluation").first()
        fill = as_rita.get(f"/api/rounds/{turn.pk}").json()["evaluations"]
        people = next(row for row in fill if row["judge"] == "people")
        assert people["win_rate"]["n"] == people["wins"] == 4


class TestCommands:
    def test_one_round_runs_at_a_time(self, start, as_rita, asked):
        start()
        refused = as_rita.post("/api/projects/support/rounds", asked, format="json")
        assert refused.status_code == 409
        assert refused.json()["message"] == "Round 1 is still running: wait for it, or cancel it first."
        assert Round.objects.count() == 1

    def test_a_project_with_nothing_to_rank_is_refused_at_once(self, project, rita, base):
        with pytest.raises(DomainError, match="nothing to rank"):
            rounds.launch(project=project, raw={"policy": base}, user=rita, now=NOON)
        assert not Round.objects.exists()
        assert not ModelVersion.objects.exists()

    def test_a_project_without_test_prompts_is_refused_at_once(self, project, rita, base):
        Project.objects.filter(pk=project.pk).update(test_percent=0)
        project.refresh_from_db()
        factories.add_prompts(project, 5)
        with pytest.raises(DomainError, match="test split"):
            rounds.launch(project=project, raw={"policy": base}, user=rita, now=NOON)

    @pytest.mark.once
    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"policy": "nobody@1"}, "policy"),
            ({"base": "nobody@1"}, "base"),
            ({"judgments": 0}, "judgments"),
            ({"method": "guess"}, "method"),
            ({"dpo": {"beta": -1}}, "dpo.beta"),
            ({"speed": "fast"}, "speed"),
        ],
    )
    def test_a_wrong_field_is_named_and_leaves_nothing(self, asked, as_rita, fields, field):
        refused = as_rita.post("/api/projects/support/rounds", {**asked, **fields}, format="json")
        assert refused.status_code == 400
        assert field in refused.json()["fields"]
        assert not Round.objects.exists()

    def test_a_field_may_change_until_its_step_begins(self, start, as_rita):
        turn = start()
        address = f"/api/rounds/{turn.pk}"
        changed = as_rita.patch(address, {"judgments": 5, "dpo": {"beta": 0.3}}, format="json").json()
        assert (changed["spec"]["judgments"], changed["spec"]["dpo"]["beta"]) == (5, 0.3)
        assert changed["spec"]["dpo"]["learning_rate"] == 1e-6
        advance(turn)
        refused = as_rita.patch(address, {"sample": {"temperature": 0.5}}, format="json")
        assert (refused.status_code, refused.json()["code"]) == (409, "already_read")
        assert as_rita.patch(address, {"dpo": {"beta": -3}}, format="json").status_code == 400
        assert as_rita.patch(address, {"evaluate": {"human_judgments": 0}}, format="json").status_code == 200

    @pytest.mark.once
    def test_fewer_judgments_may_be_asked_for_while_people_label(self, start, project, bob, rita):
        turn = start()
        advance(turn)
        complete(begin())
        rank_everything(project, bob, limit=6)
        advance(turn)
        rounds.change_spec(changed=turn, raw={"judgments": 6}, user=rita)
        advance(turn)
        assert step_of(turn, "label").state == "done"

    @pytest.mark.once
    def test_the_wait_for_people_may_be_ended(self, start, project, bob, rita):
        turn = start()
        advance(turn)
        complete(begin())
        rank_everything(project, bob)
        for _ in range(3):
            advance(turn)
            complete(begin())
        advance(turn)
        assert step_of(turn, "evaluate").summary["human"] == {"done": 0, "wanted": 4}
        rounds.change_spec(changed=turn, raw={"evaluate": {"human_judgments": 0}}, user=rita)
        advance(turn)
        turn.refresh_from_db()
        assert turn.state == "succeeded"

    def test_cancelling_ends_the_round_and_its_run(self, start, rita):
        turn = start()
        advance(turn)
        rounds.cancel(cancelled=turn, user=rita, now=SOON)
        turn.refresh_from_db()
        assert turn.state == "cancelled"
        assert states(turn).startswith("cancelled waiting")
        assert Run.objects.get().state == "cancelled"
        assert not rounds.advance(round_id=turn.pk, now=SOON)
        with pytest.raises(Conflict):
            rounds.cancel(cancelled=turn, user=rita, now=SOON)

    @pytest.mark.once
    def test_a_failed_round_goes_on_where_it_failed(self, start, rita, bob):
        turn = start()
        advance(turn)
        begin().finish("failed", error="Out of memory.")
        advance(turn)
        rounds.retry(failed=turn, user=rita, now=SOON)
        run = Run.objects.get()
        assert (run.state, run.attempt) == ("queued", 2)
        finish_round(turn, bob)
        assert turn.state == "succeeded"

    def test_a_cancelled_run_can_be_taken_up_again_through_its_round(self, start, rita):
        turn = start()
        advance(turn)
        runs.cancel(run=Run.objects.get(), user=rita, now=SOON)
        advance(turn)
        turn.refresh_from_db()
        assert "was cancelled" in turn.error
        rounds.retry(failed=turn, user=rita, now=SOON)
        assert Run.objects.get().state == "queued"

    def test_only_a_failed_round_is_retried_and_never_beside_another(self, start, rita):
        turn = start()
        with pytest.raises(Conflict, match="only a failed round"):
            rounds.retry(failed=turn, user=rita, now=SOON)
        Round.objects.filter(pk=turn.pk).update(state="failed")
        start()
        with pytest.raises(Conflict, match="Another round"):
            rounds.retry(failed=turn, user=rita, now=SOON)


class TestApi:
    def test_a_round_shows_its_steps_evaluations_and_what_comes_next(self, start, as_rita, bob):
        turn = start(promote="always")
        finish_round(turn, bob)
        shown = as_rita.get(f"/api/rounds/{turn.pk}").json()
        assert [step["name"] for step in shown["steps"]] == RoundStep.Name.values
        assert shown["policy_in"]["ref"] == "base-model@1"
        assert shown["policy_out"]["ref"] == "policy@1"
        assert {row["judge"] for row in shown["evaluations"]} == {"people", "reward_model"}
        assert shown["next_tasks"] is None
        second = Round.objects.get(number=2)
        advance(second)
        complete(begin())
        advance(second)
        assert as_rita.get(f"/api/rounds/{turn.pk}").json()["next_tasks"] == 13
        listed = as_rita.get("/api/projects/support/rounds").json()["results"]
        assert [row["number"] for row in listed] == [2, 1]
        run = as_rita.get(f"/api/runs/{shown['steps'][0]['run']['id']}").json()
        assert run["round"] == {"id": turn.pk, "number": 1}

    def test_the_launch_form_starts_from_stored_values_then_from_the_last_round(
        self, project, as_rita, asked, rita, bob
    ):
        address = "/api/projects/support/round-defaults"
        assert as_rita.get(address).json()["policy"] == ""
        stored = as_rita.put(address, {"judgments": 12, "dpo": {"beta": 0.2}}, format="json").json()
        assert (stored["judgments"], stored["dpo"]["beta"], stored["method"]) == (12, 0.2, "dpo")
        refused = as_rita.put(address, {"judgements": 12}, format="json")
        assert refused.status_code == 400
        turn = rounds.launch(project=project, raw=asked, user=rita, now=NOON)
        finish_round(turn, bob)
        rounds.cancel(cancelled=Round.objects.get(number=2), user=rita, now=SOON)
        after = as_rita.get(address).json()
        assert (after["judgments"], after["policy"]) == (10, "policy@1")
        assert as_rita.post("/api/projects/support/rounds", after, format="json").status_code == 201

    def test_the_schema_of_the_launch_form_is_served(self, as_bob, project):
        assert "judgments" in as_bob.get("/api/round-schema").json()["properties"]

    @pytest.mark.once
    def test_charlie_learns_nothing_and_lena_only_looks(self, start, as_charlie, as_lena, as_bob):
        turn = start()
        address = f"/api/rounds/{turn.pk}"
        for tail in ("", "/cancel", "/retry"):
            act = as_charlie.post if tail else as_charlie.get
            assert act(address + tail).status_code == 404
        assert as_charlie.get("/api/projects/support/rounds").status_code == 404
        assert as_lena.get(address).status_code == 200
        assert as_lena.post(f"{address}/cancel").status_code == 403
        assert as_lena.patch(address, {"judgments": 1}, format="json").status_code == 403
        assert as_bob.get(address).status_code == 403
