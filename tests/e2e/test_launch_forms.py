"""What a launch form offers before anything is launched."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from deploy import stack
from tests.e2e.houses import BASE_MODEL, PASSWORD, sign_up

pytestmark = pytest.mark.browser
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def test_forms_start_from_presets_and_tell_the_memory(tmp_path: Path) -> None:
    program = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    assert program, "This test needs Chromium: run `make machine`, which installs it."
    with stack.running(tmp_path / "var") as house, sync_playwright() as playwright:
        owner = sign_up(house)
        slug = owner.post("/api/projects", {"name": "Support tone"})["slug"]
        owner.put(f"/api/projects/{slug}/round-defaults", {"policy": str(BASE_MODEL)})
        rows = [{"prompt": f"{n}?", "chosen": f"Yes {n}", "rejected": "No"} for n in range(20)]
        owner.import_rows(slug, rows)
        owner.post(f"/api/projects/{slug}/snapshots", {"kind": "preferences"})
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": 1440, "height": 1000})
        page.set_default_timeout(30_000)
        page.goto(house.url)
        page.get_by_label("Email").fill("alice@example.com")
        page.locator("input[type=password]").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "sign-in" not in url)

        page.goto(f"{house.url}/p/{slug}/runs?launch=dpo")
        page.get_by_text("70B-LoRA", exact=True).click()
        expect(page.get_by_text("LoRA Without Regret")).to_be_visible()
        page.get_by_text("small", exact=True).click()
        expect(page.get_by_text("LoRA Without Regret")).to_be_hidden()
        expect(page.get_by_label("Learning rate")).to_have_value("0.0001")
        page.get_by_label("Model").fill(str(BASE_MODEL))
        page.get_by_label("Snapshot").click()
        page.get_by_role("option", name=f"{len(rows)} rows").click()
        expect(page.get_by_text("on one device, most of it")).to_be_visible()
        page.screenshot(path=tmp_path / "run.png")

        page.goto(f"{house.url}/p/{slug}/rounds")
        page.get_by_role("button", name="Launch the first round").click()
        expect(page.get_by_text("Reward model: about")).to_be_visible()
        page.get_by_text("1B", exact=True).click()
        expect(page.get_by_text("TRL 1.16's own defaults (DPOConfig)")).to_be_visible()
        page.screenshot(path=tmp_path / "round.png")
        chromium.close()
