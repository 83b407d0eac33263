"""What tests in a real browser share: one installation for all that leave it whole, and windows in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from deploy import stack
from fixtures.browser import launched, signed_in
from rlhf.client import Client
from tests.e2e.houses import CHEAP_PASSWORDS, PASSWORD, sign_up

PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stack.Stack]:
    """Each test makes a project of its own in it."""
    folder = tmp_path_factory.mktemp("house") / "var"
    with stack.running(folder, WEBHOOK_ALLOW_PRIVATE="1", **CHEAP_PASSWORDS) as house:
        yield house


@pytest.fixture(scope="session")
def owner(house: stack.Stack) -> Client:
    """Alice, whose account is the first."""
    return sign_up(house)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    # Not for the session: Django refuses its database while Playwright's loop runs.
    with launched() as chromium:
        yield chromium


@pytest.fixture
def open_as(browser: Browser, house: stack.Stack) -> Iterator[Callable[..., Page]]:
    """A window of their own for each person, signed in; options are those of a browser context."""
    contexts: list[BrowserContext] = []

    def open_window(email: str, **options: Any) -> Page:
        page = signed_in(browser, house.url, email, PASSWORD, **options)
        contexts.append(page.context)
        page.set_default_timeout(PATIENCE_MS)
        return page

    yield open_window
    for context in contexts:
        context.close()
