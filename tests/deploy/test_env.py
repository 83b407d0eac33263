from __future__ import annotations

import pytest

from deploy import env


@pytest.fixture(autouse=True)
def problems(monkeypatch):
    monkeypatch.setattr(env, "PROBLEMS", [])


@pytest.mark.parametrize(("raw", "value"), [("1", True), ("Yes", True), ("off", False), ("", True)])
def test_flag_reads_the_usual_words(monkeypatch, raw, value):
    monkeypatch.setenv("DEBUG", raw)
    assert env.flag("DEBUG", default=True) is value
    assert env.PROBLEMS == []


def test_unreadable_flag_keeps_the_default_and_is_remembered(monkeypatch):
    monkeypatch.setenv("DEBUG", "perhaps")
    assert env.flag("DEBUG", default=False) is False
    assert env.PROBLEMS == ["DEBUG is 'perhaps': set it to 1 or 0."]


@pytest.mark.parametrize("raw", ["many", "0", "65"])
def test_unusable_number_keeps_the_default_and_is_remembered(monkeypatch, raw):
    monkeypatch.setenv("WEB_THREADS", raw)
    assert env.integer("WEB_THREADS", 8, low=1, high=64) == 8
    assert len(env.PROBLEMS) == 1
    assert "from 1 to 64" in env.PROBLEMS[0]


def test_unknown_scheme_is_remembered_without_the_secret_in_the_url(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "mysql://root:hunter2@db/plumbline")
    assert env.url("DATABASE_URL", "sqlite:///x", schemes=("sqlite", "postgres")) == "sqlite:///x"
    assert len(env.PROBLEMS) == 1
    assert "hunter2" not in env.PROBLEMS[0]


def test_lists_drop_blanks(monkeypatch):
    monkeypatch.setenv("ALLOWED_HOSTS", " a.example , ,b.example")
    assert env.items("ALLOWED_HOSTS") == ["a.example", "b.example"]
