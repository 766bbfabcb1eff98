"""Measures what a browser of the demo fleet waits for, in Debian's chromium.

First load: requests and bytes on the wire for the first page that a browser with nothing kept opens, every chart of it
seen, with headers and with files as `make run` compresses them; and what is asked for when a link leads there once more
from another page. Figures of charts are apart, since a page has as many as it has charts. First look, on a desk and on
a phone: the largest contentful paint, how far things moved meanwhile (cumulative layout shift), and the total blocking
time. Then actions: from a click or a key until what follows is painted, on a page that is kept open. Medians.
"""

import statistics
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks import machine

FIRST_LOAD_KIB, WITHOUT_PLOTLY_KIB = 700, 150
COLD, WARM = 12, 2
"""Requests of a page without the figures of its charts."""
ELSEWHERE = "/inbox/"
# A chart without points says so instead of being drawn.
SHOWN = """() => [...document.querySelectorAll("[data-chart-url]")].every(chart => {
    const frame = chart.closest("[data-plot-frame]") ?? chart.parentElement;
    return !frame.dataset.loading && frame.querySelector("[data-drawn], [data-chart-notice]");
})"""
FOLLOW = """path => new Promise(resolve => {
    document.addEventListener("muster:page", resolve, {once: true});
    location.assign(path);
})"""
DRAWN = """() => document.querySelectorAll("[data-chart-url][data-drawn]").length"""

WIDTHS, ROUNDS, SETTLED_MS = (1440, 390), 3, 1000
LCP_MS, CLS, BLOCKED_MS, BLOCKED_BY_PLOTLY_MS = 800, 0.02, 100, 300
OBSERVED = """
window.vitals = {lcp: 0, cls: 0, blocked: 0, plotly: false};
const observe = (type, take) =>
    new PerformanceObserver(list => list.getEntries().forEach(take)).observe({type, buffered: true});
observe("largest-contentful-paint", entry => { vitals.lcp = entry.startTime; });
observe("layout-shift", entry => { vitals.cls += entry.hadRecentInput ? 0 : entry.value; });
observe("longtask", entry => { vitals.blocked += Math.max(0, entry.duration - 50); });
observe("resource", entry => { vitals.plotly ||= entry.name.includes("plotly"); });
"""

TIMES, TABLE_MS, PALETTE_MS, ZOOM_MS, ROAD_MS = 9, 250, 100, 300, 100
TABLE, ROAD = "/inventory/devices/", "/readiness/road/"
# From the last thing that the reader did to the frame that shows the answer.
TIMED = """
window.action = {};
for (const type of ["click", "input", "change", "mouseup"])
    addEventListener(type, event => { action = {began: event.timeStamp}; }, true);
const take = () => { action.took ??= performance.now() - action.began; };
const painted = () => requestAnimationFrame(() => setTimeout(take));
addEventListener("htmx:after:swap", painted);
addEventListener("muster:figure", painted, true);
new MutationObserver(painted).observe(document, {subtree: true, attributeFilter: ["data-drawn"]});
"""
TOOK = "() => action.took"


def measure(port: int, site: str, cookie: str) -> None:
    address = f"http://127.0.0.1:{port}"
    with machine.browser_page(address, cookie) as page:
        if page is None:
            print("in the browser: not measured, Debian's chromium is not installed")
            return
    paths = {"fleet": "/fleet/", "site": f"/sites/{site}/", "matrix": "/readiness/", "road": ROAD}
    for name, path in paths.items():
        with machine.browser_page(address, cookie) as page:
            cold = _transferred(page, lambda page, url=address + path: page.goto(url))
            _print_first_load(name, cold, page.evaluate(DRAWN))
        with machine.browser_page(address, cookie) as page:
            for seen in (path, ELSEWHERE):
                page.goto(address + seen)
                _see_charts(page)
                page.wait_for_load_state("networkidle")
            _print_warm(name, _transferred(page, lambda page, path=path: page.evaluate(FOLLOW, path)))
    print(f"{'':22}{'width':>6}{'LCP ms':>8}{'CLS':>8}{'blocked ms':>12}")
    for name, path in (paths | {"problems": "/problems/", "home": "/", "trade-offs": "/tradeoffs/"}).items():
        for width in WIDTHS:
            _look(name, address, path, cookie, width)
    measure_actions(port, cookie, _actions(site))


def measure_road(port: int, cookie: str) -> None:
    """Ticks and the slider of the road alone, for a fleet of another size."""
    measure_actions(port, cookie, _road_actions())


def measure_actions(port: int, cookie: str, actions: "Iterator[tuple[str, str, int, Action]]") -> None:
    address = f"http://127.0.0.1:{port}"
    print(f"{'':22}{'p50 ms':>8}{'most':>8}{'bar':>6}")
    for name, path, bar_ms, act in actions:
        with machine.browser_page(address, cookie) as page:
            if page is None:
                print("in the browser: not measured, Debian's chromium is not installed")
                return
            _act(name, page, address + path, bar_ms, act)


def _print_first_load(name: str, sizes: dict[str, float], charts: int) -> None:
    total = sum(sizes.values()) / 1024
    light = sum(size for url, size in sizes.items() if "/plotly" not in url) / 1024
    requests = len(_page_requests(sizes))
    largest = sorted(sizes.items(), key=lambda each: -each[1])[:4]
    is_met = total <= FIRST_LOAD_KIB and light <= WITHOUT_PLOTLY_KIB and requests <= COLD
    print(
        f"first load of {name}: {requests} requests, and {len(sizes) - requests} for figures, charts drawn: {charts};"
        f" {total:.0f} KiB, {light:.0f} without Plotly; bars {COLD}, {FIRST_LOAD_KIB}, {WITHOUT_PLOTLY_KIB}:"
        f" {machine.verdict(is_met)}"
    )
    texts = [f"{url.rpartition('/')[2] or 'page'} {size / 1024:.0f}" for url, size in largest]
    print(f"    largest, KiB: {', '.join(texts)}")


def _print_warm(name: str, sizes: dict[str, float]) -> None:
    requests, kib = len(_page_requests(sizes)), sum(sizes.values()) / 1024
    print(
        f"    from another page: {requests} requests, and {len(sizes) - requests} for figures; {kib:.0f} KiB;"
        f" bar {WARM}: {machine.verdict(requests <= WARM)}"
    )


def _page_requests(sizes: dict[str, float]) -> list[str]:
    return [url for url in sizes if not url.partition("?")[0].endswith(".json")]


def _transferred(page: Any, go: Callable[[Any], object]) -> dict[str, float]:
    """Bytes on the wire by address, until every chart of the page was seen; what the browser had kept is not in it."""
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    urls: dict[str, str] = {}
    sizes: dict[str, float] = {}
    network.on(
        "Network.requestWillBeSent", lambda sent: urls.update({sent["requestId"]: sent["request"]["url"]})
    )
    network.on(
        "Network.loadingFinished",
        lambda done: (
            done["encodedDataLength"] and sizes.update({urls[done["requestId"]]: done["encodedDataLength"]})
        ),
    )
    go(page)
    page.wait_for_load_state("networkidle")
    _see_charts(page)
    page.wait_for_load_state("networkidle")
    return sizes


def _see_charts(page: Any) -> None:
    for chart in page.locator("[data-chart-url]").all():
        chart.scroll_into_view_if_needed()
    page.wait_for_function(SHOWN)


def _look(name: str, address: str, path: str, cookie: str, width: int) -> None:
    rounds = [_vitals(address, path, cookie, width) for _ in range(ROUNDS)]
    lcp, cls, blocked = (statistics.median(each[key] for each in rounds) for key in ("lcp", "cls", "blocked"))
    bar_ms = BLOCKED_BY_PLOTLY_MS if any(each["plotly"] for each in rounds) else BLOCKED_MS
    is_met = lcp <= LCP_MS and cls <= CLS and blocked <= bar_ms
    print(f"{name:22}{width:6}{lcp:8.0f}{cls:8.3f}{blocked:12.0f}  {machine.verdict(is_met)}", flush=True)


def _vitals(address: str, path: str, cookie: str, width: int) -> dict[str, float]:
    """Return `lcp` and `blocked` in ms, `cls`, and whether the page loads `plotly`."""
    with machine.browser_page(address, cookie) as page:
        page.set_viewport_size({"width": width, "height": 900})
        page.add_init_script(OBSERVED)
        page.goto(address + path)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(SETTLED_MS)
        vitals: dict[str, float] = page.evaluate("() => vitals")
        return vitals


type Action = Callable[[Any, int], None]


def _actions(site: str) -> Iterator[tuple[str, str, int, Action]]:
    yield "table: sort", TABLE, TABLE_MS, _sort
    yield "table: filter", TABLE, TABLE_MS, _filter
    yield "table: quick search", TABLE, TABLE_MS, _search
    yield "palette", TABLE, PALETTE_MS, _type_in_palette
    yield "zoom", f"/sites/{site}/", ZOOM_MS, _zoom
    yield from _road_actions()


def _road_actions() -> Iterator[tuple[str, str, int, Action]]:
    yield "road: tick", ROAD, ROAD_MS, _tick
    yield "road: slide the day", ROAD, ROAD_MS, _slide


def _act(name: str, page: Any, url: str, bar_ms: int, act: Action) -> None:
    """Take the action several times, the first of them uncounted."""
    page.add_init_script(TIMED)
    page.goto(url)
    page.wait_for_load_state("networkidle")
    times = []
    for turn in range(TIMES + 1):
        act(page, turn)
        page.wait_for_function(TOOK)
        times.append(page.evaluate(TOOK))
        page.wait_for_timeout(200)
    median = statistics.median(times[1:])
    verdict = machine.verdict(median <= bar_ms)
    print(f"{name:22}{median:8.0f}{max(times[1:]):8.0f}{bar_ms:6}  {verdict}", flush=True)


def _sort(page: Any, turn: int) -> None:
    page.locator("thead a").nth(turn % 2).click()


def _filter(page: Any, turn: int) -> None:
    page.evaluate(
        """turn => {
            const form = document.querySelector("[data-table] form.filter-fields");
            const box = form.querySelectorAll("input[type=checkbox]")[turn % 3];
            box.checked = !box.checked;
            form.querySelector("button[type=submit]").click();
        }""",
        turn,
    )


def _search(page: Any, turn: int) -> None:
    page.locator("[data-table] input[type=search][name=q]").fill(("ash-1", "fra", "n00", "leaf")[turn % 4])


def _type_in_palette(page: Any, turn: int) -> None:
    if turn == 0:
        page.keyboard.press("Control+k")
        page.wait_for_load_state("networkidle")
    page.locator("#palette input").fill(("f", "fr", "fra", "fran")[turn % 4])


def _zoom(page: Any, turn: int) -> None:
    if turn == 0:
        _see_charts(page)
        page.wait_for_timeout(SETTLED_MS)
    box = page.locator("[data-chart-zoom] .nsewdrag").first.bounding_box()
    x, y = box["x"], box["y"] + box["height"] / 2
    page.mouse.move(x + box["width"] * 0.1, y)
    page.mouse.down()
    page.mouse.move(x + box["width"] * 0.5, y, steps=4)
    page.mouse.move(x + box["width"] * 0.9, y, steps=4)
    page.mouse.up()


def _tick(page: Any, turn: int) -> None:
    boxes = page.locator('main input[type="checkbox"][name="fix"]')
    boxes.nth(turn % min(boxes.count(), 6)).click()


def _slide(page: Any, turn: int) -> None:
    if turn == 0:
        page.locator('main input[type="checkbox"][name="fix"]').first.check()
        page.wait_for_load_state("networkidle")
    page.locator("[data-road-by]").focus()
    page.keyboard.press("ArrowRight" if turn % 2 else "ArrowLeft")
