"""The ranking page in a real browser: from a key to the next task painted, what it loads, who can use it.

    python -m benchmarks.web [--tasks N]

Prints one line of JSON for each figure. A sample is the time from the Enter that submits to the frame
after the next task's texts are on the page, in headless Chromium against `manage.py up` on this machine.
Bytes are those that came over the wire for scripts, with a cold cache, asked for until the first task was
painted; what formulas, highlighting and comparing bring along later is counted by itself.
Violations are those that axe-core finds on each page of the product, furnished, in each look.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING

from benchmarks.browser import accessibility
from benchmarks.figures import say
from deploy import stack
from fixtures import demo
from fixtures.browser import chromium
from rlhf.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playwright.sync_api import CDPSession, Page

PASSWORD = "a horse that counts to nine"
MAX_P95_MS = 100
MAX_SCRIPT_KB = 250
EXTRAS = "Extras"
ASSETS = stack.ROOT / "frontend" / "dist" / "assets"

# Says when the first task was on the page.
FIRST_PAINTED = """new MutationObserver((_, observer) => {
  if (!document.querySelector('section[aria-label=Prompt]')) return;
  observer.disconnect();
  requestAnimationFrame(() => setTimeout(() => { window.firstPainted = performance.now() }));
}).observe(document, { childList: true, subtree: true })"""

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


def prepare(house: stack.Stack, num_tasks: int) -> tuple[str, str, str]:
    """Two projects to rank in, the second with a formula and code, and the address of somebody who may."""
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
    extra = client.post("/api/projects", {"name": EXTRAS})["slug"]
    client.post(f"/api/projects/{extra}/members", {"email": member["email"], "role": "annotator"})
    replies = [f"{start} $x^2$:\n\n```python\ndef f(x): return x * x\n```\n" for start in ("It is", "Try")]
    client.import_rows(extra, [{"prompt": "What is the square of x?", "responses": replies}])
    return slug, extra, member["email"]


def sign_in(page: Page, house: stack.Stack, email: str) -> None:
    page.goto(house.url)
    page.get_by_label("Email").fill(email)
    page.locator("input[type=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "sign-in" not in url)


def measure_scripts(page: Page, cdp: CDPSession, address: str) -> tuple[dict[str, int], float]:
    """Bytes over the wire by script asked for until the first task was painted, and when that was, in ms."""
    cdp.send("Network.enable")
    cdp.send("Network.clearBrowserCache")
    page.add_init_script(FIRST_PAINTED)
    page.goto(address)
    page.wait_for_function("window.firstPainted")
    painted = page.evaluate("window.firstPainted")
    return fetched_scripts(page, until_ms=painted), painted


def fetched_scripts(page: Page, until_ms: float | None = None) -> dict[str, int]:
    """Bytes over the wire by script, the largest first; what came from the cache is left out."""
    entries = page.evaluate(
        "performance.getEntriesByType('resource').map(({name, startTime, transferSize}) =>"
        " ({name, startTime, transferSize}))"
    )
    sizes = {
        entry["name"].rsplit("/", 1)[1]: entry["transferSize"]
        for entry in entries
        if entry["name"].endswith(".js") and entry["transferSize"]
        if until_ms is None or entry["startTime"] <= until_ms
    }
    return dict(sorted(sizes.items(), key=lambda item: -item[1]))


def gzipped_kb(names: Iterable[str]) -> float:
    """What the same scripts weigh for a browser that takes no Brotli, as over plain HTTP."""
    return sum((ASSETS / f"{name}.gz").stat().st_size for name in names) / 1000


def measure_extras(page: Page, address: str) -> dict[str, int]:
    """Bytes over the wire by script that a formula, code and a comparison bring along; the rest is cached."""
    page.goto(address)
    page.locator("article .katex").first.wait_for()
    page.locator("article .hljs-keyword").first.wait_for()
    page.keyboard.press("d")
    page.locator("article ins").first.wait_for()
    return fetched_scripts(page)


def measure_latency(page: Page, num_tasks: int) -> list[float]:
    samples = []
    for number in range(num_tasks):
        page.keyboard.press(str(1 + number % 7))
        page.evaluate(f"() => {{ window.painted = ({NEXT_PAINTED})() }}")
        page.keyboard.press("Enter")
        samples.append(page.evaluate("window.painted"))
        page.wait_for_timeout(150)
    return samples


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
        slug, extra, email = prepare(house, num_tasks + 5)
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True).new_page()
        sign_in(page, house, email)
        cdp = page.context.new_cdp_session(page)
        scripts, painted = measure_scripts(page, cdp, f"{house.url}/p/{slug}/annotate")
        total_kb = sum(scripts.values()) / 1000
        say(
            "scripts before the first task",
            round(total_kb, 1),
            "kB",
            limit=MAX_SCRIPT_KB,
            over=total_kb > MAX_SCRIPT_KB,
            n=len(scripts),
            gzip_kb=round(gzipped_kb(scripts), 1),
        )
        for name, size in scripts.items():
            say(f"script {name}", round(size / 1000, 1), "kB")
        say("first task painted, cold cache", round(painted), "ms", n=1)
        cut = quantiles(measure_latency(page, num_tasks), n=20)
        say("key to next task painted, p50", round(cut[9], 1), "ms", n=num_tasks)
        say("key to next task painted, p95", round(cut[18], 1), "ms", n=num_tasks, limit=MAX_P95_MS)
        for name, size in measure_extras(page, f"{house.url}/p/{extra}/annotate").items():
            say(f"script on demand {name}", round(size / 1000, 1), "kB")
        wrong = accessibility.measure(browser, say)
        browser.close()
    return int(cut[18] > MAX_P95_MS or total_kb > MAX_SCRIPT_KB or bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
