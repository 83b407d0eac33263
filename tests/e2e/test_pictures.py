"""What a picture for the documents must not show."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from fixtures.loop import ROOT
from fixtures.screenshots import SHOWN_AS, save

pytestmark = pytest.mark.browser


def test_a_picture_does_not_show_whose_folder_it_was_made_in(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page()
    page.set_content(f"<p>from {ROOT}/fixtures and <b>{ROOT}</b></p><input value='{ROOT}/var'>")
    save(page, tmp_path / "one.png", whole=False)
    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")
    assert page.inner_text("p") == f"from {SHOWN_AS}/fixtures and {SHOWN_AS}"
    assert page.input_value("input") == f"{SHOWN_AS}/var"
    page.close()
