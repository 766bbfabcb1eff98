"""Take the pictures that README.md and docs/guides/tour.md show, from a running Muster with its demo fleet.

    make run                                # in another terminal, with the demo
    .venv/bin/python docs/pictures.py       # --url http://127.0.0.1:8001 for another address, --only road proof

It needs Debian's chromium. It signs in as the demo's planner, changes nothing, and ends the browser that it starts.
"""

import argparse
import io
import re
import shutil
import subprocess
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "pictures"
WIDTH, HEIGHT = 1440, 1000
LARGEST_BYTES = 200_000
LABEL, LABEL_HEIGHT = "Muster's demo fleet: every figure is simulated", 40
PATIENCE_MS = 60_000
PAGES = {
    "fleet": "/fleet/",
    "road": "/readiness/road/",
    "site": "/sites/sat-1/",
    "proof": "/sites/sat-1/checks/p5-accelerator-health/",
    "matrix": "/readiness/",
    "trade-offs": "/tradeoffs/?workload=assistant-emea",
    "ownership": "/ownership/",
    "decision": "/decisions/?reviewed=true",
}
OPENED = {"decision": "#table-decisions tbody a"}
"""The page is behind the first of these links of its address: what a demo records has another number each time."""
DRAWN = (
    "() => [...document.querySelectorAll('[data-plot-frame]')].every(frame =>"
    " frame.querySelector('[data-drawn], [data-chart-notice]') && !frame.dataset.loading)"
)


def demo_password() -> str:
    """Muster prints it, whether it runs or not."""
    command = [sys.executable, "-m", "stack", "manage", "demo_logins"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    password = re.search(r"^Password of all of them: (\S+)$", printed, re.MULTILINE)
    if password is None:
        sys.exit(
            "There is no demo fleet: start one with `make run`, or with MUSTER_DEMO=1 in an installation without."
        )
    return password[1]


def sign_in(page: Page, url: str, password: str) -> None:
    page.goto(f"{url}/login/")
    page.get_by_label("Username").fill("planner")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/login/" not in url)


def picture(page: Page, address: str, link: str = "") -> bytes:
    """Open the page, or what its link leads to, wait until its charts are drawn, and give its upper part as WebP,
    labelled below."""
    page.goto(address)
    if link:
        page.goto(page.locator(link).first.evaluate("link => link.href"))
    for chart in page.locator("[data-chart-url]").all():
        chart.scroll_into_view_if_needed()
    page.wait_for_function(DRAWN)
    page.evaluate("() => window.scrollTo(0, 0)")
    page.wait_for_load_state("networkidle")
    content = io.BytesIO()
    labelled(Image.open(io.BytesIO(page.screenshot()))).save(content, "WEBP", quality=80, method=6)
    return content.getvalue()


def labelled(screenshot: Image.Image) -> Image.Image:
    """A picture is shown without the page's own labels, so it says itself that nothing in it was measured."""
    image = Image.new("RGB", (screenshot.width, screenshot.height + LABEL_HEIGHT), "#1f2937")
    image.paste(screenshot)
    middle = (image.width / 2, screenshot.height + LABEL_HEIGHT / 2)
    ImageDraw.Draw(image).text(middle, LABEL, "white", ImageFont.load_default(18), anchor="mm")
    return image


def main() -> None:
    parser = argparse.ArgumentParser(description="Take the pictures of README.md and the tour.")
    parser.add_argument(
        "--url", default="http://127.0.0.1:8000", help="where Muster runs (default: %(default)s)"
    )
    parser.add_argument("--only", nargs="*", default=PAGES, help="which pictures (default: all)")
    options = parser.parse_args()
    url = options.url.rstrip("/")
    chromium = shutil.which("chromium") or sys.exit("Install Debian's chromium first.")
    password = demo_password()
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", reduced_motion="reduce"
        )
        page.set_default_timeout(PATIENCE_MS)
        sign_in(page, url, password)
        for name in options.only:
            content = picture(page, url + PAGES[name], OPENED.get(name, ""))
            (FOLDER / f"{name}.webp").write_bytes(content)
            print(f"docs/pictures/{name}.webp: {len(content) / 1000:.0f} kB")
            if len(content) > LARGEST_BYTES:
                sys.exit(f"That is more than {LARGEST_BYTES / 1000:.0f} kB: lower the quality.")
        browser.close()


if __name__ == "__main__":
    main()
