"""Workers forked by a process that has loaded their libraries."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from rlhf.executors import Launch, LocalExecutor
from rlhf.executors import warm as module
from rlhf.executors.warm import Forked, Warm
from tests.waiting import until

pytestmark = pytest.mark.training
STOPPED = (128 + signal.SIGTERM, -signal.SIGTERM)  # by itself; before it could
ROOT = Path(__file__).parents[2]
NOWHERE = {"PLUMBLINE_URL": "http://127.0.0.1:9", "PLUMBLINE_RUN_TOKEN": "plr_secret"}


def is_ready(warm: Warm) -> bool:
    warm.listen()
    assert warm.is_alive
    return warm._is_ready


@pytest.fixture(scope="module")
def warm():
    process = Warm(folder=ROOT, environment={**os.environ, "OMP_NUM_THREADS": "1"})
    assert process.fork(folder=ROOT, environment={}, log=Path(os.devnull)) is None  # not yet
    until(lambda: is_ready(process), seconds=120)
    yield process
    process.close()


def fork(warm: Warm, folder: Path, **environment: str) -> Forked:
    found = warm.fork(
        folder=folder,
        environment={"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "2", **environment},
        log=folder / "worker.log",
    )
    assert found
    return found


def test_a_forked_worker_has_an_environment_a_folder_a_log_and_a_session_of_its_own(warm, tmp_path):
    worker = fork(warm, tmp_path, **NOWHERE, PLUMBLINE_WORKDIR=str(tmp_path))
    try:
        process = psutil.Process(worker.pid)
        assert (os.getsid(worker.pid), os.getpgid(worker.pid)) == (worker.pid, worker.pid)
        assert process.cwd() == str(tmp_path)
        assert {file.path for file in process.open_files()} == {str(tmp_path / "worker.log")}
        assert worker.poll() is None
        assert worker.is_watched
    finally:
        os.killpg(worker.pid, signal.SIGTERM)
    until(lambda: worker.poll() is not None, seconds=10)
    assert worker.poll() in STOPPED
    assert not psutil.pid_exists(worker.pid)


def test_how_a_worker_ended_is_told(warm, tmp_path):
    unfit = fork(warm, tmp_path)
    killed = fork(warm, tmp_path, **NOWHERE, PLUMBLINE_WORKDIR=str(tmp_path))
    os.kill(killed.pid, signal.SIGKILL)
    until(lambda: unfit.poll() is not None and killed.poll() is not None, seconds=10)
    assert (unfit.poll(), killed.poll()) == (1, -signal.SIGKILL)
    assert "set PLUMBLINE_URL" in (tmp_path / "worker.log").read_text()


def test_the_executor_forks_once_it_is_warm_and_starts_workers_before(settings, tmp_path, monkeypatch, warm):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    settings.WORKDIR, settings.WORKER_API_URL, settings.LOCAL_WARM = tmp_path, "http://127.0.0.1:9", True
    executor = LocalExecutor()
    refs = [executor.submit(Launch(1, 1, "plr_secret"), active=[]).ref]
    executor._warm = warm
    refs.append(executor.submit(Launch(2, 1, "plr_secret"), active=[]).ref)
    commands = [psutil.Process(int(ref.split(":")[0])).cmdline()[-1] for ref in refs]
    assert commands == ["rlhf.worker", "rlhf.worker.warm"]
    assert all(executor.status(ref).alive for ref in refs)
    assert all(LocalExecutor().status(ref).alive for ref in refs)  # as a restarted dispatcher sees them
    for ref in refs:
        executor.cancel(ref)
    until(lambda: not any(executor.status(ref).alive for ref in refs), seconds=20)
    assert all(executor.status(ref).exit_code in STOPPED for ref in refs)


def test_workers_go_on_where_the_process_that_forked_them_is_gone(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    settings.WORKDIR, settings.WORKER_API_URL, settings.LOCAL_WARM = tmp_path, "http://127.0.0.1:9", True
    executor = LocalExecutor()
    executor.warm_up()
    warm = executor._warm
    assert warm
    until(lambda: is_ready(warm), seconds=120)
    ref = executor.submit(Launch(1, 1, "plr_secret"), active=[]).ref
    warm._process.kill()
    until(lambda: not warm.is_alive, seconds=120)
    assert executor.status(ref).alive
    other = executor.submit(Launch(2, 1, "plr_secret"), active=[]).ref  # without it
    executor.close()
    for each in (ref, other):
        os.killpg(int(each.split(":")[0]), signal.SIGKILL)
    until(lambda: not executor.status(ref).alive and not executor.status(other).alive, seconds=10)
    assert executor.status(ref).exit_code is None  # nobody saw it
    assert executor.status(other).exit_code == -signal.SIGKILL


def test_it_ends_with_its_dispatcher(tmp_path):
    warm = Warm(folder=ROOT, environment={**os.environ, "OMP_NUM_THREADS": "1"})
    until(lambda: is_ready(warm), seconds=120)
    warm._requests.close()
    until(lambda: not warm.is_alive, seconds=10)
    assert warm._process.returncode == 0
    warm.close()


def test_one_that_does_not_answer_is_given_up(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "BEGIN_SECONDS", 0.3)
    deaf = [sys.executable, "-c", "import time; print('ready', flush=True); time.sleep(60)"]
    monkeypatch.setattr(module, "COMMAND", deaf)
    warm = Warm(folder=tmp_path, environment=os.environ)
    until(lambda: is_ready(warm), seconds=10)
    assert warm.fork(folder=tmp_path, environment={}, log=tmp_path / "log") is None
    assert not warm.is_alive
    assert warm.fork(folder=tmp_path, environment={}, log=tmp_path / "log") is None


def test_the_end_of_a_worker_that_ended_at_once_is_not_forgotten(monkeypatch, tmp_path):
    says = "print('ready', flush=True); input(); print('began 7\\nended 7 3', flush=True); input()"
    monkeypatch.setattr(module, "COMMAND", [sys.executable, "-c", says])
    warm = Warm(folder=tmp_path, environment=os.environ)
    until(lambda: is_ready(warm), seconds=10)
    warm.exit_codes[7] = 0  # of an earlier process with that number
    worker = warm.fork(folder=tmp_path, environment={}, log=tmp_path / "log")
    assert worker
    until(lambda: worker.poll() is not None, seconds=10)
    assert worker.poll() == 3
    warm.close()


def test_nothing_is_loaded_where_nobody_wants_it(settings, monkeypatch):
    settings.LOCAL_WARM = False
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    executor = LocalExecutor()
    executor.warm_up()
    assert executor._warm is None
