"""Files that travel inside each checkpoint, because what they hold cannot be found again after a resume."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

FOLDER = "carried"


def restore(output_dir: Path, resume_from: Path | None) -> Path:
    """The folder to keep such files in, as it was at the checkpoint; empty at the start of a run."""
    folder = output_dir / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    if resume_from is not None and (resume_from / FOLDER).is_dir():
        _link(resume_from / FOLDER, folder)
    else:
        folder.mkdir(parents=True)
    return folder


def carry(output_dir: Path, checkpoint: Path) -> None:
    if any((output_dir / FOLDER).glob("*")):
        _link(output_dir / FOLDER, checkpoint / FOLDER)


def replace(path: Path, made: Path) -> None:
    """Never written in place: checkpoints share the old file."""
    os.replace(made, path)


def _link(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        try:
            os.link(path, target / path.name)
        except OSError:  # another disk, or one without links
            shutil.copy2(path, target / path.name)
