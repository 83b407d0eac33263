from __future__ import annotations

import errno
import hashlib
import os

import pytest

from labeling.core.errors import DomainError
from rlhf import storage


@pytest.fixture(params=["file", "memory"])
def artifacts(request, settings, tmp_path):
    settings.ARTIFACT_URL = f"file://{tmp_path / 'store'}" if request.param == "file" else "memory://store"
    yield
    if request.param == "memory":
        storage.delete_prefix("runs")


def read(path: str) -> bytes:
    return b"".join(storage.read_chunks(path))


def test_what_is_put_is_read_back(artifacts):
    stored = storage.put("runs/1/a.bin", [b"one", b"two"])
    assert stored == (6, hashlib.sha256(b"onetwo").hexdigest())
    assert read("runs/1/a.bin") == b"onetwo"
    assert storage.size("runs/1/a.bin") == 6


def test_a_damaged_file_is_refused_and_the_old_one_stays(artifacts):
    storage.put("runs/1/a.bin", [b"old"])
    with pytest.raises(DomainError, match="damaged on the way"):
        storage.put("runs/1/a.bin", [b"new"], sha256="0" * 64)
    assert read("runs/1/a.bin") == b"old"


def test_a_broken_upload_leaves_nothing(artifacts, tmp_path):
    def broken():
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        storage.put("runs/1/a.bin", broken())
    assert not storage.exists("runs/1/a.bin")
    assert not list(tmp_path.rglob("plumbline-*"))


def test_a_short_body_is_refused(artifacts):
    with pytest.raises(DomainError, match="3 of 5 bytes"):
        storage.put("runs/1/a.bin", [b"abc"], size=5)
    assert not storage.exists("runs/1/a.bin")


def test_a_prefix_is_deleted_whole_and_twice_is_fine(artifacts):
    storage.put("runs/1/a.bin", [b"a"])
    storage.put("runs/1/deep/b.bin", [b"b"])
    storage.delete_prefix("runs/1")
    storage.delete_prefix("runs/1")
    storage.delete("runs/1/a.bin")
    assert not storage.exists("runs/1/deep/b.bin")


def test_a_full_disk_says_so_and_leaves_nothing(settings, tmp_path, monkeypatch):
    settings.ARTIFACT_URL = f"file://{tmp_path / 'store'}"

    def full(source, target):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(DomainError, match="no space left") as refused:
        storage.put("runs/1/a.bin", [b"a"])
    assert refused.value.status == 413
    assert not list(tmp_path.rglob("*.bin")) + list(tmp_path.rglob("plumbline-*"))


def test_what_a_crash_left_half_written_is_swept(settings, tmp_path):
    settings.ARTIFACT_URL = f"file://{tmp_path / 'store'}"
    with storage.incoming() as path:
        path.write_bytes(b"half")
        storage.sweep(older_than_seconds=60)
        assert path.exists()
        os.utime(path, (0, 0))
        storage.sweep(older_than_seconds=60)
        assert not path.exists()
