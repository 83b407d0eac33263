"""Where a local worker runs, and what it is given."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from rlhf.executors import CannotRun, Launch, LocalExecutor, gpus

pytestmark = pytest.mark.once
TELL = "import json, os; print(json.dumps(dict(os.environ)), flush=True)"


@pytest.fixture
def two_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose nvidia-smi lists two."""
    program = tmp_path / "nvidia-smi"
    program.write_text(
        "#!/bin/sh\necho 'GPU 0: NVIDIA H200 (UUID: a)'\necho 'GPU 1: NVIDIA H200 (UUID: b)'\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def told(executor: LocalExecutor, run_id: int, active: list[str], num_processes: int = 1):
    """The ref of a worker and the environment it found itself in."""
    launch = Launch(run_id, 1, "plr_secret", num_processes=num_processes)
    ref = executor.submit(launch, active=active).ref
    while executor.status(ref).alive:
        time.sleep(0.02)
    assert executor.status(ref).exit_code == 0
    return ref, json.loads(executor.logs(run_id, 1, num_lines=1)[0])


@pytest.mark.parametrize(
    ("allowed", "visible"),
    [("", []), ("-1", []), ("3", ["3"]), ("0, 2", ["0", "2"]), ("GPU-a1b2", ["GPU-a1b2"])],
)
def test_cuda_visible_devices_bounds_what_we_use(two_gpus, monkeypatch, allowed, visible):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", allowed)
    assert gpus.visible() == visible


def test_each_worker_gets_a_gpu_of_its_own(two_gpus, settings, tmp_path):
    settings.WORKDIR, settings.LOCAL_SLOTS = tmp_path / "work", 0
    executor = LocalExecutor(command=[sys.executable, "-c", TELL])
    first, environment = told(executor, 1, [])
    assert environment["CUDA_VISIBLE_DEVICES"] == "0"
    assert executor.has_room(1, [first])
    assert told(executor, 2, [first])[1]["CUDA_VISIBLE_DEVICES"] == "1"
    assert not executor.has_room(1, [first, ""])


def test_a_run_of_two_processes_gets_two_gpus_or_waits(two_gpus, settings, tmp_path):
    settings.WORKDIR, settings.LOCAL_SLOTS = tmp_path / "work", 0
    executor = LocalExecutor(command=[sys.executable, "-c", TELL])
    single, _ = told(executor, 1, [])
    assert not executor.has_room(2, [single])
    both, environment = told(executor, 2, [], num_processes=2)
    assert environment["CUDA_VISIBLE_DEVICES"] == "0,1"
    assert int(environment["OMP_NUM_THREADS"]) == max(1, len(os.sched_getaffinity(0)) // 2)
    assert not executor.has_room(1, [both])
    assert executor.has_room(3, [both])  # no waiting would help
    with pytest.raises(CannotRun, match="wants 3 processes with a GPU each, and this machine has 2"):
        executor.submit(Launch(3, 1, "plr_secret", num_processes=3), active=[])


def test_beside_gpus_no_libraries_are_loaded_ahead(two_gpus, settings):
    settings.LOCAL_WARM = True
    executor = LocalExecutor()
    executor.warm_up()
    assert executor._warm is None


def test_more_runs_than_gpus_never_give_one_run_the_same_gpu_twice(two_gpus, settings, tmp_path):
    settings.WORKDIR, settings.LOCAL_SLOTS = tmp_path / "work", 4
    executor = LocalExecutor(command=[sys.executable, "-c", TELL])
    first, _ = told(executor, 1, [])
    assert told(executor, 2, [first], num_processes=2)[1]["CUDA_VISIBLE_DEVICES"] == "0,1"
    third, _ = told(executor, 3, ["1:0:1", "2:0:3"])
    assert not executor.has_room(2, ["1:0:1", "2:0:3"])
    assert third.endswith(":0")


def test_on_cpu_one_worker_runs_with_all_cores(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setenv("SECRET_KEY", "not for workers")
    settings.WORKDIR, settings.LOCAL_SLOTS, settings.LOCAL_THREADS = tmp_path / "work", 0, 0
    executor = LocalExecutor(command=[sys.executable, "-c", TELL])
    assert executor.has_room(2, [])
    environment = told(executor, 1, [])[1]
    assert environment["OMP_NUM_THREADS"] == str(len(os.sched_getaffinity(0)))
    assert environment["PLUMBLINE_RUN_TOKEN"] == "plr_secret"
    assert environment["PLUMBLINE_WORKDIR"] == str(tmp_path / "work")
    assert "SECRET_KEY" not in environment


def test_a_token_never_shows_in_a_log(settings):
    assert "plr_secret" not in repr(Launch(1, 1, "plr_secret"))
