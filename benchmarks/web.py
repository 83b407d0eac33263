"""The ranking page in a real browser: from a key to the next task painted, what it loads, who can use it.

    python -m benchmarks.web [--tasks N]

Prints one line of JSON for each figure. A sample is the time from the Enter that submits to the frame
after the next task's texts are on the page, in headless Chromium against `manage.py up` on this machine.
Bytes are those that came over the wire for scripts, with a cold cache, until the first task was painted.
Violations are those that axe-core finds on each page of the product, furnished, in each look.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING

from benchmarks.browser import accessibility
from deploy import stack
from fixtures import demo
from fixtures.browser import chromium
from rlhf.client import Client

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession, Page

PASSWORD = "a horse that counts to nine"
MAX_P95_MS = 100
MAX_SCRIPT_KB = 250

# Resolves in the frame after the prompt or the responses have changed.
NEXT_PAINTED = """() => new Promise(resolve => {
  const shown = () => [...document.querySelectorAll('article, [aria-label=Prompt]')];
  const id = () => shown().map(e => e.innerText).join('|');
  const before = id();
  let began;
  addEventListener('keydown', event => {
    if (event.key === 'Enter') began = event.timeStamp;
  }, { capture: true, once: true });
  const look = () => {
    if (began !== undefined && id() !== before && id() !== '') {
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - began)));
    } else requestAnimationFrame(look);
  };
  look();
})"""


def prepare(house: stack.Stack, num_tasks: int) -> tuple[str, str]:
    """A project with tasks to rank: its slug, and the address of somebody who may rank them."""
    client = Client(house.url, retry_seconds=60)
    client.get("/api/session")
    account = {"email": "owner@example.com", "name": "Owner", "password": PASSWORD}
    client.post("/api/setup", {**account, "setup_key": house.setup_key()})
    client.login(account["email"], PASSWORD)
    slug = client.post("/api/projects", {"name": "Speed"})["slug"]
    member = {"email": "bob@example.com", "name": "Bob", "role": "annotator", "password": PASSWORD}
    client.post(f"/api/projects/{slug}/members", member)
    paragraph = (
        "I am sorry to hear that. Please send us a **photo**, and we will ship a new kettle today.\n\n"
    )
    rows = [
        {**row, "responses": [paragraph * 8 + f"Order {n}.", paragraph * 6 + f"Ticket {n}."]}
        for n, row in enumerate(demo.prompt_rows(num_tasks))
    ]
    client.import_rows(slug, rows)
    return slug, member["email"]


def sign_in(page: Page, house: stack.Stack, email: str) -> None:
    page.goto(house.url)
    page.get_by_label("Email").fill(email)
    page.locator("input[type=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "sign-in" not in url)


def measure_scripts(page: Page, cdp: CDPSession, address: str) -> dict[str, int]:
    """Bytes over the wire by script, until the first task is there."""
    names: dict[str, str] = {}
    sizes: dict[str, int] = {}
    cdp.send("Network.enable")
    cdp.send("Network.clearBrowserCache")
    cdp.on(
        "Network.responseReceived", lambda event: names.update({event["requestId"]: event["response"]["url"]})
    )

    def finished(event: dict) -> None:
        url = names.get(event["requestId"], "")
        if url.endswith(".js"):
            sizes[url.rsplit("/", 1)[1]] = int(event["encodedDataLength"])

    cdp.on("Network.loadingFinished", finished)
    page.goto(address)
    page.get_by_role("region", name="Prompt").wait_for()
    return dict(sorted(sizes.items(), key=lambda item: -item[1]))


def measure_latency(page: Page, num_tasks: int) -> list[float]:
    samples = []
    for number in range(num_tasks):
        page.keyboard.press(str(1 + number % 7))
        page.evaluate(f"() => {{ window.painted = ({NEXT_PAINTED})() }}")
        page.keyboard.press("Enter")
        samples.append(page.evaluate("window.painted"))
        page.wait_for_timeout(150)
    return samples


def say(figure: str, value: object, unit: str, **more: object) -> None:
    print(json.dumps({"figure": figure, "value": value, "unit": unit, **more}), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", type=int, default=100, help="how many are ranked (default 100)")
    num_tasks = parser.parse_args().tasks
    program = chromium()
    if program is None:
        print("This needs Chromium: run `make machine`, which installs it.", file=sys.stderr)
        return 1
    from playwright.sync_api import sync_playwright

    with (
        tempfile.TemporaryDirectory() as folder,
        stack.running(Path(folder) / "var") as house,
        sync_playwright() as playwright,
    ):
        slug, email = prepare(house, num_tasks + 5)
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True).new_page()
        sign_in(page, house, email)
        cdp = page.context.new_cdp_session(page)
        scripts = measure_scripts(page, cdp, f"{house.url}/p/{slug}/annotate")
        total_kb = sum(scripts.values()) / 1000
        say("scripts before the first task", round(total_kb, 1), "kB", limit=MAX_SCRIPT_KB, n=len(scripts))
        for name, size in scripts.items():
            say(f"script {name}", round(size / 1000, 1), "kB")
        cut = quantiles(measure_latency(page, num_tasks), n=20)
        say("key to next task painted, p50", round(cut[9], 1), "ms", n=num_tasks)
        say("key to next task painted, p95", round(cut[18], 1), "ms", n=num_tasks, limit=MAX_P95_MS)
        wrong = accessibility.measure(browser, say)
        browser.close()
    return int(cut[18] > MAX_P95_MS or total_kb > MAX_SCRIPT_KB or bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
