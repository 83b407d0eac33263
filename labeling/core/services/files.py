"""Uploaded files under ARTIFACT_URL, where every process of the server can reach them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

CHUNK_BYTES = 1 << 20


def put(path: str, stream: BinaryIO, *, max_bytes: int | None = None) -> int:
    """Store what the stream holds, whole or not at all; its size. Raises ValueError beyond `max_bytes`."""
    fs, root = _filesystem()
    target = f"{root}/{path}"
    fs.makedirs(target.rpartition("/")[0], exist_ok=True)
    size = 0
    try:
        with fs.open(target, "wb") as file:
            while chunk := stream.read(CHUNK_BYTES):
                size += len(chunk)
                if max_bytes is not None and size > max_bytes:
                    raise ValueError(f"more than {max_bytes} bytes")
                file.write(chunk)
    except BaseException:
        delete(path)
        raise
    return size


@contextmanager
def local_copy(path: str) -> Iterator[Path]:
    """The file on this machine: itself where it lies here, otherwise a copy for as long as it is read."""
    fs, root = _filesystem()
    if isinstance(fs, LocalFileSystem):
        yield Path(f"{root}/{path}")
        return
    with tempfile.NamedTemporaryFile(prefix="plumbline-upload-") as copy:
        with fs.open(f"{root}/{path}", "rb") as file:
            shutil.copyfileobj(file, copy, CHUNK_BYTES)
        copy.flush()
        yield Path(copy.name)


def delete(path: str) -> None:
    """What is gone already is gone."""
    fs, root = _filesystem()
    if path and fs.exists(f"{root}/{path}"):
        fs.rm(f"{root}/{path}")


def _filesystem() -> tuple[AbstractFileSystem, str]:
    fs, root = url_to_fs(settings.ARTIFACT_URL)
    return fs, str(root).rstrip("/")
