"""One run on several processes, by the real dispatcher, executor and worker."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from tests.rlhf.houses import House, wait_for
from tests.training.tiny import make_model

pytestmark = pytest.mark.training


def other_process(folder: Path) -> psutil.Process:
    """The one that the worker of this house started beside itself."""
    found = [
        process
        for process in psutil.process_iter(["cmdline"])
        if "rlhf.worker.ranks" in (process.info["cmdline"] or [])
        and str(folder) in process.environ().get("PLUMBLINE_WORKDIR", "")
    ]
    assert len(found) == 1
    return found[0]


def test_a_run_that_loses_one_of_its_processes_goes_on(tmp_path: Path) -> None:
    house = House(tmp_path / "house")
    try:
        spec = {
            "kind": "ppo",
            "model": str(make_model(tmp_path / "tiny")),
            "snapshot": house.snapshot,
            "rewards": [{"source": "verifier", "verifier": "max_words", "argument": 3}],
            "num_processes": 2,
            "rollout_batch_size": 8,
            "total_episodes": 64,
            "max_completion_length": 12,
            "max_length": 96,
            "checkpoint_every": 4,
        }
        number = house.client.launch_run("support", spec)["id"]
        with house.dispatcher(program=("manage.py", "dispatch"), LOCAL_THREADS="1", LOCAL_WARM="1"):
            wait_for(lambda: house.run(number), lambda run: run["step"] >= 12, seconds=180)
            other_process(tmp_path).kill()
            run = wait_for(lambda: house.run(number), lambda run: run["finished_at"], seconds=240, every=1)
        assert (run["state"], run["attempt"]) == ("succeeded", 2), run["error"]
        words = house.words(number)
        assert any("One of the processes that share the run is gone" in line for line in words)
        assert any("Resuming from checkpoint-" in line for line in words)
        assert "model.safetensors" in {file["name"] for file in run["produced_model"]["critic_files"]}
    finally:
        house.stop()
