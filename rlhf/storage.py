"""Artifacts under ARTIFACT_URL, by paths relative to it. A file is visible whole or not at all:
it is written beside its place, checked, and only then moved in."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import fsspec
from django.conf import settings
from fsspec.implementations.local import LocalFileSystem

from labeling.core.errors import DomainError

CHUNK_BYTES = 1024 * 1024
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}


class Stored(NamedTuple):
    size: int
    sha256: str


def put(path: str, chunks: Iterable[bytes], *, sha256: str | None = None, size: int | None = None) -> Stored:
    """Store `chunks` at `path`; refuse, leaving nothing, if hash or size are not as announced."""
    with incoming() as temporary:
        digest, num_bytes = hashlib.sha256(), 0
        with _disk_errors(), temporary.open("wb") as file:
            for chunk in chunks:
                file.write(chunk)
                digest.update(chunk)
                num_bytes += len(chunk)
        stored = Stored(num_bytes, digest.hexdigest())
        if size is not None and num_bytes != size:
            raise DomainError(
                f"{num_bytes} of {size} bytes arrived: send the file again.", code="incomplete_file"
            )
        if sha256 is not None and stored.sha256 != sha256.lower():
            raise DomainError(
                "The file does not match its X-SHA256: it was damaged on the way, send it again.",
                code="hash_mismatch",
            )
        _move_in(temporary, path)
    return stored


def adopt(local: Path, path: str) -> Stored:
    """Move a finished file from `incoming()` to `path`."""
    digest = hashlib.sha256()
    with local.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    stored = Stored(local.stat().st_size, digest.hexdigest())
    _move_in(local, path)
    return stored


def open_file(path: str) -> BinaryIO:
    fs, root = _filesystem()
    return cast(BinaryIO, fs.open(f"{root}/{path}", "rb"))


def read_chunks(path: str) -> Iterator[bytes]:
    with open_file(path) as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def exists(path: str) -> bool:
    fs, root = _filesystem()
    return bool(fs.exists(f"{root}/{path}"))


def size(path: str) -> int:
    fs, root = _filesystem()
    return int(fs.size(f"{root}/{path}"))


def delete(path: str) -> None:
    """Remove one file; one that is gone already is no error."""
    fs, root = _filesystem()
    try:
        fs.rm_file(f"{root}/{path}")
    except FileNotFoundError:
        return


def delete_prefix(prefix: str) -> None:
    fs, root = _filesystem()
    if not prefix.strip("/"):
        raise ValueError("a prefix is needed")
    if fs.exists(f"{root}/{prefix}"):
        fs.rm(f"{root}/{prefix}", recursive=True)


@contextmanager
def incoming() -> Iterator[Path]:
    """A path to write a new file at, on the artifacts' own disk where they have one."""
    fs, root = _filesystem()
    if isinstance(fs, LocalFileSystem):
        folder = Path(root) / ".incoming"
        with _disk_errors():
            folder.mkdir(parents=True, exist_ok=True)
    else:
        folder = Path(tempfile.gettempdir())
    temporary = folder / f"plumbline-{uuid.uuid4().hex}"
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _move_in(temporary: Path, path: str) -> None:
    fs, root = _filesystem()
    with _disk_errors():
        if not isinstance(fs, LocalFileSystem):
            fs.put_file(str(temporary), f"{root}/{path}")
            return
        target = Path(root) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        _fsync(temporary)
        os.replace(temporary, target)
        _fsync(target.parent)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        if problem.errno not in _NO_SPACE:
            raise
        raise DomainError(
            "There is no space left for artifacts: free some on the server, then try again.",
            code="no_disk",
            status=413,
        ) from problem


def _filesystem() -> tuple[fsspec.AbstractFileSystem, str]:
    fs, root = fsspec.core.url_to_fs(settings.ARTIFACT_URL)
    return fs, str(root).rstrip("/")


def sweep(*, older_than_seconds: float) -> None:
    """Remove what a crash left half written. Only a local disk keeps such files here."""
    fs, root = _filesystem()
    if isinstance(fs, LocalFileSystem):
        limit = time.time() - older_than_seconds
        for path in (Path(root) / ".incoming").glob("plumbline-*"):
            if path.stat().st_mtime < limit:
                path.unlink(missing_ok=True)
