"""What a launch form offers before anything is launched."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from deploy import stack
from rlhf.client import Client
from tests.e2e.houses import BASE_MODEL

pytestmark = pytest.mark.browser


def test_forms_start_from_presets_and_tell_the_memory(
    house: stack.Stack, owner: Client, open_as: Callable[..., Page]
) -> None:
    slug = owner.post("/api/projects", {"name": "Launch forms"})["slug"]
    owner.put(f"/api/projects/{slug}/round-defaults", {"policy": str(BASE_MODEL)})
    rows = [{"prompt": f"{n}?", "chosen": f"Yes {n}", "rejected": "No"} for n in range(20)]
    owner.import_rows(slug, rows)
    owner.post(f"/api/projects/{slug}/snapshots", {"kind": "preferences"})
    page = open_as("alice@example.com", viewport={"width": 1440, "height": 1000})

    page.goto(f"{house.url}/p/{slug}/runs?launch=dpo")
    page.get_by_text("70B-LoRA", exact=True).click()
    expect(page.get_by_text("LoRA Without Regret")).to_be_visible()
    page.get_by_text("small", exact=True).click()
    expect(page.get_by_text("LoRA Without Regret")).to_be_hidden()
    expect(page.get_by_role("textbox", name="Learning rate")).to_have_value("1e-4")
    page.get_by_role("combobox", name="Model").first.fill(str(BASE_MODEL))
    page.get_by_role("combobox", name="Snapshot").click()
    page.get_by_role("option", name=f"{len(rows)} rows").click()
    expect(page.get_by_text("on one device, most of it")).to_be_visible()

    page.goto(f"{house.url}/p/{slug}/rounds")
    page.get_by_role("button", name="Launch the first round").click()
    expect(page.get_by_text("Reward model: about")).to_be_visible()
    page.get_by_text("1B", exact=True).click()
    expect(page.get_by_text("TRL 1.16's own defaults (DPOConfig)")).to_be_visible()
