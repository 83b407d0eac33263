"""A run's states, and the worker's protocol that moves them."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from labeling.core.errors import Conflict, DomainError
from labeling.models import Generator, Slot, Task
from rlhf import storage
from rlhf.models import Evaluation, MetricPoint, ModelVersion, Run, RunLogLine
from rlhf.services import runs
from tests.rlhf.factories import NOON, SOON, Worker, add_prompts, begin, complete, prompt_splits

pytestmark = pytest.mark.django_db
STATES = Run.State.values
ILLEGAL = [
    (old, new)
    for old, new in itertools.product(STATES, STATES)
    if new not in runs.TRANSITIONS[Run.State(old)]
]


@pytest.fixture
def reward_run(launch, preferences) -> Run:
    return launch("reward", snapshot=preferences.pk)


class TestStates:
    def test_every_illegal_move_is_refused(self, reward_run):
        for old, new in ILLEGAL:
            Run.objects.filter(pk=reward_run.pk).update(state=old)
            reward_run.refresh_from_db()
            with pytest.raises(Conflict):
                runs.move(reward_run, new)
            reward_run.refresh_from_db()
            assert reward_run.state == old

    def test_a_move_that_lost_the_race_changes_nothing(self, reward_run):
        stale = Run.objects.get(pk=reward_run.pk)
        assert runs.move(reward_run, Run.State.STARTING)
        assert not runs.move(stale, Run.State.CANCELLED)
        reward_run.refresh_from_db()
        assert reward_run.state == "starting"

    def test_runs_are_claimed_oldest_first_and_once(self, launch, preferences):
        queued = [launch("reward", snapshot=preferences.pk) for _ in range(2)]
        claimed = [runs.claim(executor="local", now=NOON) for _ in range(3)]
        assert [claim and claim.run for claim in claimed] == [*queued, None]

    @pytest.mark.once
    def test_a_run_runs_once_its_worker_says_hello(self, reward_run):
        claim = runs.claim(executor="local", now=NOON)
        assert claim.run.state == "starting"
        Worker(*claim).assignment()
        reward_run.refresh_from_db()
        assert reward_run.state == "running"

    @pytest.mark.once
    def test_cancelling_a_queued_run_ends_it_at_once(self, reward_run, rita):
        runs.cancel(run=reward_run, user=rita, now=NOON)
        reward_run.refresh_from_db()
        assert reward_run.state == "cancelled"
        assert runs.claim(executor="local", now=NOON) is None
        with pytest.raises(Conflict):
            runs.cancel(run=reward_run, user=rita, now=NOON)

    @pytest.mark.once
    def test_a_running_worker_is_told_to_stop(self, reward_run, rita):
        worker = begin(reward_run)
        runs.cancel(run=reward_run, user=rita, now=NOON)
        assert worker.client.post("/api/worker/heartbeat", {}, format="json").json() == {"cancel": True}
        assert worker.metrics(1, loss=1.0).json()["cancel"] is True
        assert worker.finish("cancelled").json() == {"state": "cancelled"}

    def test_a_lost_run_is_queued_again_and_its_token_is_dead(self, reward_run):
        worker = begin(reward_run)
        reward_run.refresh_from_db()
        runs.lost(run=reward_run, reason="It is gone.", now=SOON)
        reward_run.refresh_from_db()
        assert (reward_run.state, reward_run.attempt, reward_run.num_deaths) == ("queued", 2, 1)
        answer = worker.metrics(1, loss=1.0)
        assert answer.status_code == 401
        assert answer.json()["code"] == "run_token_dead"
        assert RunLogLine.objects.get(run=reward_run).line == "It is gone."

    @pytest.mark.once
    def test_a_run_that_keeps_dying_fails_and_says_why(self, reward_run, settings):
        settings.MAX_ATTEMPTS = 2
        for _ in range(2):
            begin(reward_run)
            reward_run.refresh_from_db()
            runs.lost(run=reward_run, reason="Out of memory; the log is x.log.", now=SOON)
        reward_run.refresh_from_db()
        assert reward_run.state == "failed"
        assert reward_run.error == "The run died 2 times and is given up. Out of memory; the log is x.log."

    @pytest.mark.once
    def test_a_stopped_dispatcher_costs_the_run_none_of_its_lives(self, reward_run, settings):
        settings.MAX_ATTEMPTS = 1
        begin(reward_run)
        reward_run.refresh_from_db()
        runs.put_back(run=reward_run, now=SOON)
        reward_run.refresh_from_db()
        assert (reward_run.state, reward_run.attempt, reward_run.num_deaths) == ("queued", 2, 0)

    @pytest.mark.once
    def test_news_of_an_old_death_does_not_touch_the_next_attempt(self, reward_run):
        begin(reward_run)
        reward_run.refresh_from_db()
        runs.lost(run=reward_run, reason="gone", now=SOON)
        begin()
        runs.lost(run=reward_run, reason="gone", now=SOON)
        reward_run.refresh_from_db()
        assert (reward_run.state, reward_run.attempt) == ("running", 2)

    @pytest.mark.once
    def test_a_worker_reported_failure_is_final_until_someone_retries(self, reward_run, rita):
        begin(reward_run).finish("failed", error="The loss is not a number: lower the learning rate.")
        reward_run.refresh_from_db()
        assert reward_run.error == "The loss is not a number: lower the learning rate."
        runs.retry(run=reward_run, user=rita, now=SOON)
        reward_run.refresh_from_db()
        assert (reward_run.state, reward_run.attempt, reward_run.error) == ("queued", 2, "")

    def test_only_what_ended_badly_can_be_retried(self, reward_run, rita):
        with pytest.raises(Conflict):
            runs.retry(run=reward_run, user=rita, now=SOON)

    @pytest.mark.once
    def test_pages_hear_of_changes_once_they_are_committed(
        self, reward_run, published, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            worker = begin(reward_run)
            worker.metrics(1, loss=1.0)
        groups = {(event.group, event.topic) for event in published}
        assert (f"run.{reward_run.pk}", "metrics") in groups
        assert (f"project.{reward_run.project_id}", "runs") in groups


class TestEvents:
    def test_the_same_batch_twice_is_stored_once(self, reward_run):
        worker = begin(reward_run)
        batch = [worker.event("metrics", step=1, values={"loss": 0.5}), worker.event("log", line="hello")]
        assert worker.send(*batch).json() == {"last_seq": 2, "cancel": False}
        assert worker.send(*batch).json() == {"last_seq": 2, "cancel": False}
        assert MetricPoint.objects.count() == RunLogLine.objects.count() == 1

    def test_a_batch_that_overlaps_adds_only_what_is_new(self, reward_run):
        worker = begin(reward_run)
        events = [worker.event("metrics", step=step, values={"loss": 1.0}) for step in (1, 2, 3)]
        worker.send(*events[:2])
        assert worker.send(*events).json()["last_seq"] == 3
        assert list(MetricPoint.objects.values_list("step", flat=True)) == [1, 2, 3]

    @pytest.mark.once
    def test_a_gap_is_refused_with_the_number_expected(self, reward_run):
        worker = begin(reward_run)
        worker.event("log", line="lost")
        refused = worker.send(worker.event("log", line="second"))
        assert refused.status_code == 409
        assert (refused.json()["code"], refused.json()["fields"]) == ("gap", {"expected": 1})

    @pytest.mark.once
    def test_what_is_no_finite_number_is_left_out(self, reward_run):
        begin(reward_run).metrics(1, loss=None, reward=0.25)
        assert [(point.key, point.value) for point in MetricPoint.objects.all()] == [("reward", 0.25)]

    def test_a_resumed_run_is_told_where_it_was_and_reports_no_step_twice(self, reward_run):
        first = begin(reward_run)
        for step in (1, 2, 3):
            first.metrics(step, loss=float(step))
        first.put("checkpoints/step-2/state.safetensors", b"two")
        first.send(first.event("checkpoint", step=2, files=["checkpoints/step-2/state.safetensors"]))
        reward_run.refresh_from_db()
        runs.lost(run=reward_run, reason="gone", now=SOON)

        second = begin(reward_run)
        told = second.assignment()
        assert (told["attempt"], told["last_seq"], told["last_step"]) == (2, 0, 3)
        assert told["last_step_metrics"] == ["loss"]
        assert told["checkpoint"]["step"] == 2
        file = second.client.get("/api/worker/files/checkpoints/step-2/state.safetensors")
        assert b"".join(file.streaming_content) == b"two"
        second.metrics(3, loss=99.0)
        second.metrics(4, loss=4.0)
        points = MetricPoint.objects.order_by("step").values_list("step", "value")
        assert list(points) == [(1, 1.0), (2, 2.0), (3, 3.0), (4, 4.0)]

    def test_progress_environment_and_log_lines_show(self, reward_run, as_rita):
        worker = begin(reward_run)
        worker.send(
            worker.event("progress", step=3, num_steps=9),
            worker.event("environment", values={"torch": "2.13", "seed": 0}),
            worker.event("log", line="three\x00 of nine"),
        )
        shown = as_rita.get(f"/api/runs/{reward_run.pk}").json()
        assert (shown["step"], shown["num_steps"]) == (3, 9)
        assert shown["environment"]["torch"] == "2.13"
        assert as_rita.get(f"/api/runs/{reward_run.pk}/logs").json()["lines"][0]["line"] == "three of nine"

    @pytest.mark.parametrize(
        "event",
        [
            {"type": "metrics", "step": -1, "values": {}},
            {"type": "metrics", "step": 1, "values": {"loss": "high"}},
            {"type": "gossip"},
            {"type": "checkpoint", "step": 1, "files": []},
            {"type": "checkpoint", "step": 1, "files": ["checkpoints/step-1/never-sent"]},
        ],
    )
    def test_a_malformed_event_is_refused_whole(self, reward_run, event):
        worker = begin(reward_run)
        refused = worker.send(worker.event("metrics", step=1, values={"loss": 1.0}), worker.event(**event))
        assert refused.status_code == 400
        assert not MetricPoint.objects.exists()

    @pytest.mark.once
    def test_events_before_the_first_are_refused(self, reward_run):
        worker = begin(reward_run)
        body = {"first_seq": 0, "events": []}
        assert worker.client.post("/api/worker/events", body, format="json").status_code == 400

    @pytest.mark.parametrize("token", ["", "plr_unknown", "pl_person"])
    def test_an_unknown_token_is_dead(self, db, anonymous, token):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = anonymous.get("/api/worker/run", headers=headers)
        assert answer.status_code == 401
        assert answer.json()["code"] == "run_token_dead"

    @pytest.mark.once
    def test_a_run_token_opens_nothing_else(self, reward_run):
        worker = begin(reward_run)
        assert worker.client.get("/api/projects/support/runs").status_code == 401


class TestFiles:
    def test_a_file_sent_again_replaces_the_first(self, reward_run):
        worker = begin(reward_run)
        worker.put("metrics.json", b"old")
        assert worker.put("metrics.json", b"new!").json()["size"] == 4
        file = worker.client.get("/api/worker/files/metrics.json")
        assert b"".join(file.streaming_content) == b"new!"
        assert file["Content-Length"] == "4"

    @pytest.mark.once
    def test_an_empty_file_is_a_file(self, reward_run):
        assert begin(reward_run).put("metrics.json", b"").status_code == 201

    @pytest.mark.once
    def test_a_damaged_file_is_refused(self, reward_run):
        refused = begin(reward_run).put("model/a.safetensors", b"weights", sha256="0" * 64)
        assert (refused.status_code, refused.json()["code"]) == (400, "hash_mismatch")

    @pytest.mark.once
    @pytest.mark.parametrize("name", ["../secret", "a/../../b", "/etc/passwd", "a//b", ".", "a/.", "sp ace"])
    def test_a_name_that_leads_elsewhere_is_refused(self, reward_run, name):
        assert begin(reward_run).put(name, b"x").status_code in (400, 404)

    def test_a_new_checkpoint_drops_the_files_of_the_one_before(
        self, reward_run, django_capture_on_commit_callbacks
    ):
        worker = begin(reward_run)
        for step in (1, 2):
            name = f"checkpoints/step-{step}/state.safetensors"
            worker.put(name, b"state")
            with django_capture_on_commit_callbacks(execute=True):
                worker.send(worker.event("checkpoint", step=step, files=[name]))
        worker.put("checkpoints/step-3/state.safetensors", b"on its way")
        reward_run.refresh_from_db()
        assert reward_run.checkpoint["step"] == 2
        names = set(reward_run.files.values_list("name", flat=True))
        assert names == {f"checkpoints/step-{step}/state.safetensors" for step in (2, 3)}
        assert not storage.exists(f"runs/{reward_run.pk}/attempt-1/checkpoints/step-1/state.safetensors")

    @pytest.mark.once
    def test_models_and_snapshots_of_the_run_are_served_and_no_others(self, launch, preferences, reward_run):
        begin(reward_run).finish_training()
        rewards = [
            {"source": "verifier", "verifier": "max_words", "argument": 40},
            {"source": "model", "model": "reward@1", "weight": 0.5},
        ]
        run = launch("ppo", reward_model="reward@1", rewards=rewards, snapshot=preferences.pk)
        worker = begin(run)
        told = worker.assignment()
        assert told["models"]["model"]["source"].endswith("base-model")
        judge = told["models"]["reward_model"]
        assert told["models"]["rewards"] == [None, judge]
        assert {file["name"] for file in judge["files"]} == {"config.json", "model.safetensors"}
        file = worker.client.get(f"/api/worker/models/{judge['id']}/files/model.safetensors")
        assert b"".join(file.streaming_content) == b"weights"
        data = worker.client.get("/api/worker/snapshot/files/train.parquet")
        assert b"".join(data.streaming_content)[:4] == b"PAR1"
        stranger = ModelVersion.objects.create(project=run.project, kind="policy", name="other", number=1)
        assert worker.client.get(f"/api/worker/models/{stranger.pk}/files/config.json").status_code == 404

    @pytest.mark.once
    def test_an_adapter_comes_with_the_model_it_was_trained_on(self, launch, preferences):
        """A first policy, an adapter trained on it, and a run that reads the adapter."""
        begin(launch("dpo", snapshot=preferences.pk, name="first")).finish_training()
        settings = {"lora": {"r": 4}, "save": "adapter"}
        run = launch("dpo", model="first@1", snapshot=preferences.pk, name="light", **settings)
        worker = begin(run)
        for name, body in (("adapter_config.json", b"{}"), ("adapter_model.safetensors", b"weights")):
            worker.put(f"model/{name}", body)
        files = ["adapter_config.json", "adapter_model.safetensors"]
        worker.finish(result={"model_files": files, "summary": {}})
        run.refresh_from_db()
        assert run.state == "succeeded"

        reader = begin(launch("sft", model="light@1", snapshot=preferences.pk))
        told = reader.assignment()["models"]["model"]
        assert (told["ref"], told["base"]["ref"], told["base"]["base"]) == ("light@1", "first@1", None)
        base = reader.client.get(f"/api/worker/models/{told['base']['id']}/files/model.safetensors")
        assert b"".join(base.streaming_content) == b"weights"


class TestOutputs:
    @pytest.mark.once
    def test_a_trained_model_is_registered_with_its_parent(self, reward_run):
        begin(reward_run).finish_training(eval_accuracy={"value": 0.9})
        model = ModelVersion.objects.get(produced_by=reward_run)
        assert (str(model), model.kind, str(model.parent)) == ("reward@1", "reward", "base-model@1")
        assert model.summary == {"eval_accuracy": {"value": 0.9}}
        reward_run.refresh_from_db()
        assert (reward_run.state, reward_run.checkpoint) == ("succeeded", None)

    def test_finishing_twice_changes_nothing(self, reward_run):
        worker = begin(reward_run)
        assert worker.finish_training().json() == {"state": "succeeded"}
        assert worker.finish("failed", error="too late").json() == {"state": "succeeded"}
        assert ModelVersion.objects.filter(produced_by=reward_run).count() == 1
        assert worker.metrics(1, loss=1.0).status_code == 401

    def test_a_model_whose_files_never_came_fails_the_run(self, reward_run):
        answer = begin(reward_run).finish(result={"model_files": ["config.json", "model.safetensors"]})
        assert answer.json() == {"state": "failed"}
        reward_run.refresh_from_db()
        assert "never sent it" in reward_run.error
        assert not ModelVersion.objects.filter(produced_by=reward_run).exists()

    @pytest.mark.once
    def test_a_pickle_is_never_registered(self, reward_run):
        worker = begin(reward_run)
        names = ["config.json", "model.safetensors", "training_args.bin"]
        for name in names:
            worker.put(f"model/{name}", b"x")
        assert worker.finish(result={"model_files": names}).json() == {"state": "failed"}
        reward_run.refresh_from_db()
        assert "is a pickle" in reward_run.error

    def test_samples_become_tasks_of_prompts_that_are_not_test_prompts(self, launch, labeled):
        run = launch("sample", num_prompts=6, responses_per_prompt=3, priority=4)
        complete(begin(run))
        tasks = Task.objects.filter(batch__reference=f"run:{run.pk}:tasks")
        splits = prompt_splits(labeled)
        assert tasks.count() == 6
        assert {splits[task.prompt_id] for task in tasks} <= {"train", "validation"}
        assert {task.responses.count() for task in tasks} == {3}
        assert Slot.objects.filter(task__in=tasks, priority=4, state="open").count() == 6
        run.refresh_from_db()
        assert (run.result["tasks"], run.result["skipped"]) == (6, 0)

    @pytest.mark.parametrize("damage", ["missing", "foreign", "garbage", "nothing"])
    def test_samples_that_do_not_fit_fail_the_run_and_queue_nothing(self, launch, damage):
        run = launch("sample", num_prompts=2)
        worker = begin(run)
        completions = [{"text": "a", "finish": "stop"}, {"text": "b", "finish": "stop"}]
        from tests.rlhf.factories import _prompts

        prompts = _prompts(worker.assignment())
        if damage == "garbage":
            worker.put("responses.jsonl", b"not json\n")
        elif damage != "nothing":
            wrong = prompts[:1] if damage == "missing" else [10**9]
            worker.put_rows([{"prompt_id": prompt, "completions": completions} for prompt in wrong])
        assert worker.finish().json() == {"state": "failed"}
        assert not Task.objects.filter(batch__reference=f"run:{run.pk}:tasks").exists()

    def test_an_evaluation_asks_people_blindly_and_shows_the_reward_models_view(
        self, launch, preferences, labeled, reward_run, as_rita
    ):
        begin(reward_run).finish_training()
        dpo = launch("dpo", snapshot=preferences.pk)
        begin(dpo).finish_training()
        add_prompts(labeled, 30, word="Held out")
        run = launch(
            "evaluate",
            model="policy@1",
            baselines=["base-model@1"],
            reward_model="reward@1",
            num_prompts=8,
            human_tasks=5,
        )
        complete(begin(run))
        tasks = Task.objects.filter(batch__reference=f"run:{run.pk}:evaluation")
        splits = prompt_splits(labeled)
        assert tasks.count() == 5
        assert {splits[task.prompt_id] for task in tasks} == {"test"}
        assert {task.arm for task in tasks} == {"evaluation"}
        by_judge = {row.judge: row for row in Evaluation.objects.filter(run=run)}
        assert by_judge["reward_model"].wins == 8
        shown = as_rita.get("/api/projects/support/evaluations").json()["results"]
        people = next(row for row in shown if row["judge"] == "people")
        assert (people["candidate"], people["baseline"]) == ("policy@1", "base-model@1")
        assert people["win_rate"] == {
            "value": None,
            "low": None,
            "high": None,
            "n": 0,
            "method": "wilson",
        }


@pytest.mark.once
class TestLaunching:
    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"learning_rate": 0}, "learning_rate"),
            ({"learning_rate": "fast"}, "learning_rate"),
            ({"learning_rte": 1e-4}, "learning_rte"),
            ({"lora": {"r": 0}}, "lora.r"),
            ({"name": "My Model"}, "name"),
            ({"snapshot": 99999}, "snapshot"),
            ({"snapshot": None}, "snapshot"),
            ({"model": "policy@3"}, "model"),
            ({"model": "/nowhere"}, "model"),
            ({"kind": "guess"}, "kind"),
            ({"kind": None}, "kind"),
            ({"max_length": 10**400}, "max_length"),
        ],
    )
    def test_a_wrong_field_is_named_and_leaves_nothing(self, preferences, as_rita, base, fields, field):
        spec = {"kind": "dpo", "model": base, "snapshot": preferences.pk, **fields}
        refused = as_rita.post("/api/projects/support/runs", spec, format="json")
        if field == "max_length":
            assert refused.status_code in (201, 400)
            return
        assert refused.status_code == 400, refused.json()
        assert field in refused.json()["fields"]
        assert not Run.objects.exists()
        assert not ModelVersion.objects.exists()

    @pytest.mark.parametrize(
        "body",
        [
            "[]",
            '"dpo"',
            "{",
            '{"kind": ["dpo"]}',
            '{"kind": "dpo", "model": "a\\u0000"}',
            '{"kind": "dpo", "model": "a\\ud800"}',
        ],
    )
    def test_a_body_that_is_no_spec_is_refused(self, project, as_rita, body):
        refused = as_rita.post("/api/projects/support/runs", body, content_type="application/json")
        assert refused.status_code == 400
        assert refused.json()["message"]

    def test_every_wrong_field_is_in_one_sentence(self, launch, preferences):
        with pytest.raises(DomainError) as refused:
            launch("dpo", snapshot=preferences.pk, beta=-1, num_epochs=0)
        assert refused.value.message == (
            "Correct the spec: num_epochs should be greater than 0; beta should be greater than 0."
        )

    def test_a_run_needs_the_right_kind_of_snapshot(self, launch, labeled, rita):
        from rlhf.services.snapshots import freeze

        prompts = freeze(project=labeled, kind="prompts", filters={}, user=rita, now=NOON)
        with pytest.raises(DomainError, match="needs preferences"):
            launch("reward", snapshot=prompts.pk)

    def test_only_ties_teach_nothing(self, launch, preferences, monkeypatch):
        monkeypatch.setattr("rlhf.selectors.snapshots.num_decided", lambda **_: 0)
        with pytest.raises(DomainError, match="is a tie"):
            launch("dpo", snapshot=preferences.pk)

    def test_a_reward_model_is_no_policy_and_a_policy_no_judge(self, launch, preferences, reward_run):
        begin(reward_run).finish_training()
        with pytest.raises(DomainError, match="give a base model or a policy"):
            launch("sample", model="reward@1")
        with pytest.raises(DomainError, match="give a reward model"):
            launch("rloo", reward_model="base-model@1", snapshot=preferences.pk)
        rewards = [{"source": "model", "model": "base-model@1"}]
        with pytest.raises(DomainError, match=r"rewards\.0\.model"):
            launch("ppo", rewards=rewards, snapshot=preferences.pk)

    def test_a_model_that_only_a_provider_has_is_named_and_sampled(self, launch):
        endpoint = {"url": "https://models.example.com/v1", "model": "large-3"}
        run = launch("sample", model="provider/large-3", endpoint=endpoint, num_prompts=2)
        complete(begin(run))
        run.refresh_from_db()
        assert run.spec["endpoint"].items() > endpoint.items()
        model = ModelVersion.objects.get(pk=run.inputs["models"]["model"])
        assert (str(model), model.source, model.files) == ("large-3@1", "provider/large-3", [])
        written = Generator.objects.get(name="large-3@1")
        assert written.config["endpoint"] == endpoint
        assert written.responses.count() == 4

    def test_a_model_is_not_compared_with_itself(self, launch, base):
        with pytest.raises(DomainError, match="named twice"):
            launch("evaluate", baselines=[base])

    def test_a_project_without_prompts_has_nothing_to_sample(self, project, rita, base):
        from rlhf.services import launching

        with pytest.raises(DomainError, match="import prompts first"):
            launching.launch(project=project, raw={"kind": "sample", "model": base}, user=rita, now=NOON)
        assert not ModelVersion.objects.exists()


class TestApi:
    def test_rita_launches_watches_and_cancels(self, preferences, as_rita, base):
        spec = {"kind": "dpo", "model": base, "snapshot": preferences.pk, "beta": 0.2}
        made = as_rita.post("/api/projects/support/runs", spec, format="json")
        assert made.status_code == 201, made.json()
        run = made.json()
        assert (run["state"], run["spec"]["beta"], run["spec"]["loss_type"]) == ("queued", 0.2, "sigmoid")
        worker = begin()
        worker.metrics(1, loss=0.7)
        points = as_rita.get(f"/api/runs/{run['id']}/metrics").json()["points"]
        assert [(point["key"], point["step"], point["value"]) for point in points] == [("loss", 1, 0.7)]
        newer = as_rita.get(f"/api/runs/{run['id']}/metrics?after_id={points[-1]['id']}").json()
        assert newer == {"points": []}
        cancelled = as_rita.post(f"/api/runs/{run['id']}/cancel").json()
        assert (cancelled["state"], cancelled["cancel_requested"]) == ("running", True)
        worker.finish("cancelled")
        retried = as_rita.post(f"/api/runs/{run['id']}/retry").json()
        assert (retried["state"], retried["attempt"], retried["cancel_requested"]) == ("queued", 2, False)

    @pytest.mark.once
    def test_samples_are_shown_page_by_page(self, launch, as_lena):
        run = launch("sample", num_prompts=3)
        assert as_lena.get(f"/api/runs/{run.pk}/samples").json() == {"rows": []}
        complete(begin(run))
        rows = as_lena.get(f"/api/runs/{run.pk}/samples?offset=1&limit=1").json()["rows"]
        assert len(rows) == 1
        assert len(rows[0]["completions"]) == 2

    def test_lists_can_be_narrowed(self, launch, preferences, reward_run, as_rita):
        launch("sample", num_prompts=1)
        found = as_rita.get("/api/projects/support/runs?kind=reward").json()["results"]
        assert [run["id"] for run in found] == [reward_run.pk]
        assert as_rita.get("/api/projects/support/runs?state=failed").json()["results"] == []
        assert as_rita.get("/api/projects/support/runs?state=%00").status_code == 400

    def test_schemas_for_the_launch_forms_are_served(self, as_bob, project):
        kinds = as_bob.get("/api/run-kinds").json()
        assert set(kinds) == set(Run.Kind.values)
        assert kinds["dpo"]["properties"]["beta"]["default"] == 0.1

    @pytest.mark.once
    @pytest.mark.parametrize("tail", ["", "/metrics", "/logs", "/samples"])
    def test_charlie_learns_nothing(self, reward_run, as_charlie, tail):
        hidden = as_charlie.get(f"/api/runs/{reward_run.pk}{tail}")
        unknown = as_charlie.get(f"/api/runs/99999{tail}")
        assert hidden.status_code == unknown.status_code == 404
        assert hidden.json()["message"].replace(f" {reward_run.pk} ", " 99999 ") == unknown.json()["message"]

    @pytest.mark.once
    def test_bob_sees_no_runs_and_lena_launches_none(self, reward_run, as_bob, as_lena):
        assert as_bob.get(f"/api/runs/{reward_run.pk}").status_code == 403
        assert as_lena.get(f"/api/runs/{reward_run.pk}").status_code == 200
        assert as_lena.post(f"/api/runs/{reward_run.pk}/cancel").status_code == 403
        assert as_lena.post("/api/projects/support/runs", {}, format="json").status_code == 403

    @pytest.mark.once
    def test_only_who_may_see_a_run_may_watch_it(self, reward_run, rita, bob, charlie):
        from labeling.core import live
        from labeling.core.errors import Forbidden, NotFound

        assert live.may_listen(user=rita, prefix="run", id=reward_run.pk)
        with pytest.raises(Forbidden):
            live.may_listen(user=bob, prefix="run", id=reward_run.pk)
        with pytest.raises(NotFound):
            live.may_listen(user=charlie, prefix="run", id=reward_run.pk)


def test_heartbeats_are_noted(reward_run):
    worker = begin(reward_run)
    Run.objects.filter(pk=reward_run.pk).update(heartbeat_at=NOON - timedelta(hours=1))
    worker.client.post("/api/worker/heartbeat", {}, format="json")
    reward_run.refresh_from_db()
    assert reward_run.heartbeat_at > NOON
