"""Models and snapshots a run reads, kept on this machine for the runs that follow."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from rlhf.training.hub import BASE_LINK, find_model
from rlhf.worker.protocol import Json, RunApi

KEEP_DAYS = 14


def models_to_read(run: Json) -> Json:
    """By their part in the run, as it names them; without one that an endpoint serves."""
    is_served = bool(run["spec"].get("endpoint"))
    return {name: value for name, value in run["models"].items() if not (is_served and name == "model")}


class Inputs:
    """A folder for each set of files, named by their content. Several workers may share it."""

    def __init__(self, api: RunApi, cache: Path) -> None:
        self._api = api
        self._cache = cache
        self._found: dict[str, Path] = {}

    def model(self, model: Json) -> Path:
        source = model["source"]
        if not source:
            folder = self._fetch(model["files"], f"/api/worker/models/{model['id']}/files/")
            if model.get("base"):
                self._put_beside(folder, self.model(model["base"]))
            return folder
        if source not in self._found:
            self._found[source] = find_model(source)
        return self._found[source]

    def fetch_models(self, models: Json) -> None:
        """One that does not exist fails the run now, before a library is loaded."""
        for name, value in models.items():
            for model in value if isinstance(value, list) else [value]:
                if model and name == "critic_from":
                    self.critic(model)
                elif model:
                    self.model(model)

    def critic(self, model: Json) -> Path:
        """Of a model that an earlier PPO run made; the model itself is not fetched."""
        return self._fetch(model["files"], "/api/worker/critic/files/")

    def snapshot(self, snapshot: Json) -> Path:
        return self._fetch(snapshot["files"], "/api/worker/snapshot/files/")

    def _put_beside(self, adapter: Path, base: Path) -> None:
        """An adapter names its base model as it was called where it was trained; here it lies elsewhere."""
        link = adapter / BASE_LINK
        if not link.exists():
            fresh = adapter / f"{BASE_LINK}.{os.getpid()}"
            fresh.symlink_to(base.resolve(), target_is_directory=True)
            fresh.replace(link)

    def prune(self) -> None:
        """Forget what no run has used for long."""
        oldest = time.time() - KEEP_DAYS * 24 * 3600
        for folder in self._cache.iterdir() if self._cache.is_dir() else ():
            if folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)

    def _fetch(self, files: Sequence[Json], address: str) -> Path:
        content = sorted((file["name"], file["sha256"]) for file in files)
        folder = self._cache / hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        for file in files:
            target = folder / file["name"]
            # A download is renamed into place when its hash has been checked: what is there is whole.
            if not (target.is_file() and target.stat().st_size == file["size"]):
                self._api.download(address + file["name"], target, sha256=file["sha256"])
        return folder
