"""Real worker processes against a real server.

They are forked from a process that has the libraries loaded, so that a test need not wait for
imports; they are killed like any other process.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.training.tiny import make_model, make_snapshot
from tests.worker.protocol_server import ProtocolServer, describe_files

PRELOADED = [
    "rlhf.worker.main",
    "rlhf.training.evaluation",
    "rlhf.training.trainer",
    "trl.trainer.sft_trainer",
    "trl.trainer.reward_trainer",
    "trl.trainer.dpo_trainer",
    "trl.trainer.kto_trainer",
    "trl.trainer.grpo_trainer",
    "trl.trainer.rloo_trainer",
    "transformers.models.llama",
]
BASE, REWARD = 1, 2


def run_worker(environment: dict[str, str], log: str, start_seconds: float) -> None:
    os.environ.update(environment)
    target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(target, 1)
    os.dup2(target, 2)
    from rlhf.worker import protocol
    from rlhf.worker.main import main

    protocol.START_SECONDS = start_seconds
    sys.exit(main())


@pytest.fixture(scope="session")
def forks() -> Any:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


@pytest.fixture
def start_worker(forks: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Start an attempt of the server's run, with `more` in its environment; the process, which a test may
    kill."""
    started = []

    def start(
        server: ProtocolServer, *, token: str | None = None, start_seconds: float = 20.0, **more: str
    ) -> Any:
        environment = {
            "PLUMBLINE_URL": server.url,
            "PLUMBLINE_RUN_TOKEN": token or server.new_attempt(),
            "PLUMBLINE_WORKDIR": str(tmp_path / "work"),
            **more,
        }
        process = forks.Process(
            target=run_worker, args=(environment, str(tmp_path / "worker.log"), start_seconds)
        )
        process.start()
        started.append(process)
        return process

    yield start
    for process in started:
        if process.is_alive():
            process.kill()
        process.join(timeout=5)


@pytest.fixture(scope="session")
def base_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="session")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_snapshot(tmp_path_factory.mktemp("snapshot"))


@pytest.fixture(scope="session")
def reward_model(tmp_path_factory: pytest.TempPathFactory, base_model: Path, snapshot: Path) -> Path:
    from rlhf.specs import RewardTraining
    from rlhf.training.reporting import ConsoleReporter
    from rlhf.training.reward import train_reward

    folder = tmp_path_factory.mktemp("reward")
    train_reward(
        RewardTraining(learning_rate=1e-3, batch_size=8),
        model_path=base_model,
        snapshot_dir=snapshot,
        output_dir=folder,
        reporter=ConsoleReporter(),
    )
    return folder / "model"


@pytest.fixture
def make_server(tmp_path: Path, base_model: Path, snapshot: Path) -> Iterator[Callable[..., ProtocolServer]]:
    servers = []

    def make(kind: str, spec: dict[str, Any], *, reward_model: Path | None = None) -> ProtocolServer:
        folders = {BASE: base_model} | ({REWARD: reward_model} if reward_model else {})
        names = {BASE: "base@1", REWARD: "reward@1"}
        models: dict[str, Any] = {
            key: {"id": model, "ref": names[model], "source": "", "files": describe_files(folder)}
            for (model, folder), key in zip(folders.items(), ("model", "reward_model"), strict=False)
        }
        models["baselines"] = []
        server = ProtocolServer(tmp_path / "server", kind, spec, models, folders, snapshot).start()
        servers.append(server)
        return server

    yield make
    for server in servers:
        server.stop()
