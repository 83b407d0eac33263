"""A tiny random Llama with its own tokenizer, and snapshots of made-up replies, made on the fly."""

from __future__ import annotations

import pytest

from tests.training.tiny import make_model, make_snapshot


@pytest.fixture(scope="session")
def base_model(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="session")
def snapshot(tmp_path_factory):
    return make_snapshot(tmp_path_factory.mktemp("snapshot"))
