"""The product as people meet it: a real browser on a real installation, with real training behind it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from deploy import stack
from fixtures import demo
from rlhf.client import Client
from tests.e2e.desk import Desk
from tests.e2e.houses import BASE_MODEL, add_member, sign_up

pytestmark = [pytest.mark.browser, pytest.mark.training]

NUM_PAIRS = 10
PATIENCE_MS = 120_000
ROUND: dict[str, Any] = {
    "judgments": NUM_PAIRS // 2,  # those of the test split do not count towards training
    "policy": str(BASE_MODEL),
    "sample": {"responses_per_prompt": 2},
    "reward": {"learning_rate": 3e-4, "num_epochs": 6, "batch_size": 4, "max_length": 192},
    "continue_with_next": False,
}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[stack.Stack]:
    with stack.running(tmp_path / "var", LOCAL_THREADS="1", LOCAL_WARM="1") as house:
        yield house


def prepare(house: stack.Stack) -> tuple[Client, str]:
    """A project with pairs to rank, preferences of old, and defaults for a short round."""
    owner = sign_up(house)
    slug = owner.post("/api/projects", {"name": "Support tone"})["slug"]
    # The small model may write on until it is cut off.
    owner.patch(f"/api/projects/{slug}/queue", {"hold_cut_off": False})
    add_member(owner, slug, "Bob", "annotator")
    add_member(owner, slug, "Rita", "researcher")
    prompts = list(demo.prompt_rows(120))
    replies = ("I am sorry. We will help you today.", "Read the manual.")
    owner.import_rows(slug, [{**row, "responses": list(replies)} for row in prompts[:40]])
    preferences = [
        {"prompt": row["messages"], "chosen": f"{replies[0]} {n}", "rejected": f"{replies[1]} {n}"}
        for n, row in enumerate(prompts[40:])
    ]
    owner.import_rows(slug, preferences)
    owner.put(f"/api/projects/{slug}/round-defaults", ROUND)
    return owner, slug


def rank_by_keyboard(page: Page, count: int) -> None:
    """Digits choose, Enter submits; the mouse is not touched."""
    desk = Desk(page)
    for number in range(count):
        desk.submit(str(1 + number % 7))
    desk.is_saved()


def test_ten_pairs_by_keyboard_then_a_round_whose_curves_move_live(
    house: stack.Stack, open_as: Callable[[str], Page]
) -> None:
    owner, slug = prepare(house)
    rita = open_as("rita@example.com")
    rita.goto(f"{house.url}/p/{slug}/rounds")
    rita.get_by_role("button", name="Launch the first round").click()
    rita.get_by_role("button", name="Launch the round").click()
    rita.wait_for_url(re.compile(r"/rounds/1"))
    progress = rita.get_by_role("progressbar", name="Judgments")
    expect(progress).to_have_attribute("aria-valuenow", "0", timeout=PATIENCE_MS)

    bob = open_as("bob@example.com")
    bob.goto(f"{house.url}/p/{slug}/annotate")
    expect(bob.get_by_role("region", name="Prompt")).to_be_visible()
    rank_by_keyboard(bob, NUM_PAIRS)
    assert owner.get(f"/api/projects/{slug}/counts")["slots_done"] >= NUM_PAIRS

    # Without a reload: the label step fills, the reward run starts, and its curves grow.
    expect(rita.get_by_role("link", name=re.compile("Open run"))).to_be_visible(timeout=PATIENCE_MS)
    rita.get_by_role("link", name=re.compile("Open run")).click()
    loss = rita.get_by_role("figure", name="loss over steps")
    expect(loss).to_be_visible(timeout=PATIENCE_MS)
    first = points_of(loss.inner_text())
    expect(loss).not_to_contain_text(f"{first} point", timeout=PATIENCE_MS)
    assert points_of(loss.inner_text()) > first
    # And the canvas shows them, not only the caption beneath it.
    curve = loss.locator("[data-to-step]")
    expect(curve).to_have_attribute("data-to-step", re.compile(r"[5-9]|\d\d+"), timeout=PATIENCE_MS)


def points_of(words: str) -> int:
    found = re.search(r"([\d,]+) points?", words)
    assert found, words
    return int(found[1].replace(",", ""))
