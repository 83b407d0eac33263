"""Checkpoints on their way to the server and back.

The server's newest complete checkpoint is the only one a run ever resumes from: what it has, every
metric up to that step reached it before. A folder on this disk is used in its place when it is the
same byte for byte; every other one may be half written, and is removed.
"""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

from rlhf.client.http import ApiError, sha256_of
from rlhf.worker.protocol import Json, RunApi
from rlhf.worker.spool import Spool


class Uploads:
    """Sends complete checkpoints in the background, in order; the newest replaces one that waits."""

    def __init__(self, api: RunApi, spool: Spool) -> None:
        self._api = api
        self._spool = spool
        self._changed = threading.Condition()
        self._waiting: tuple[int, Path] | None = None
        self.newest: Path | None = None  # what the server has too
        self._stopped = False
        self._thread = threading.Thread(target=self._send_forever, name="checkpoints", daemon=True)
        self._thread.start()

    def add(self, step: int, folder: Path) -> None:
        with self._changed:
            superseded = self._waiting
            self._waiting = (step, folder)
            self._changed.notify_all()
        if superseded:
            shutil.rmtree(superseded[1], ignore_errors=True)

    def stop(self) -> None:
        """The run is over, and nobody will resume it: what still waits is not needed."""
        with self._changed:
            self._waiting = None
            self._stopped = True
            self._changed.notify_all()
        self._thread.join()

    def _send_forever(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopped or self._waiting)
                if self._waiting is None:
                    return
                step, folder = self._waiting
                self._waiting = None
            if self._send(step, folder):
                if self.newest:
                    shutil.rmtree(self.newest, ignore_errors=True)
                self.newest = folder

    def _send(self, step: int, folder: Path) -> bool:
        names = []
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            if self._stopped:
                return False
            name = f"checkpoints/step-{step}/{path.relative_to(folder).as_posix()}"
            try:
                self._api.upload(name, path)
            except ApiError as error:
                # Training goes on; a later checkpoint may fare better.
                self._spool.add("log", line=f"The checkpoint of step {step} was not stored: {error}")
                return False
            names.append(name)
        self._spool.add("checkpoint", step=step, files=names)
        return True


def restore(checkpoint: Json | None, folder: Path, api: RunApi) -> Path | None:
    """The folder to resume from, named as the trainer names it; None to start at step 0."""
    if checkpoint is None:
        shutil.rmtree(folder, ignore_errors=True)
        return None
    step = checkpoint["step"]
    target = folder / f"checkpoint-{step}"
    prefix = f"checkpoints/step-{step}/"
    files = {file["name"].removeprefix(prefix): file for file in checkpoint["files"]}
    for other in folder.iterdir() if folder.is_dir() else ():
        if other != target:
            shutil.rmtree(other, ignore_errors=True)
    if not _is_same(target, files):
        shutil.rmtree(target, ignore_errors=True)
        for name, file in files.items():
            api.download(f"/api/worker/files/{prefix}{name}", target / name, sha256=file["sha256"])
    return target


def _is_same(folder: Path, files: dict[str, Json]) -> bool:
    return folder.is_dir() and all(
        (folder / name).is_file() and sha256_of(folder / name) == file["sha256"]
        for name, file in files.items()
    )
