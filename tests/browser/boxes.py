"""Measures the boxes of a page: finds text and ids that are cut or covered, columns that hide without a cue, voids, and
a second row of tabs."""

VOID_PX = 225
"""A quarter of a desk's screen."""
# Of a chart only its frame is looked at: Plotly draws it anew after a change of the width, in its own time.
FAULTS = """void_px => {
    const name = element => {
        const words = element.textContent.trim().replace(/\\s+/g, " ").slice(0, 40);
        return [element.localName, ...element.classList].join(".") + ` "${words}"`;
    };
    const NOT_LOOKED_AT = ".visually-hidden, .skip, [data-plot-frame], [popover]:not(:popover-open)";
    const faults = [];
    const remembered = make => {
        const known = new Map();
        return element => known.get(element) ?? (known.set(element, make(element)), known.get(element));
    };
    const isShown = remembered(element =>
        element.checkVisibility({visibilityProperty: true, opacityProperty: true}) && !element.closest(NOT_LOOKED_AT));
    // What may cut an element off, from the inside to the outside; null where it is there for screen readers alone.
    const cutters = remembered(element => {
        if (element === document.body) return [];
        const {overflowX, overflowY, textOverflow, webkitLineClamp, clipPath, position} = getComputedStyle(element);
        if (clipPath !== "none") return null;
        const around = position === "fixed" ? [] : cutters(element.parentElement);
        if (!around || (overflowX === "visible" && overflowY === "visible")) return around;
        const {right, bottom} = element.getBoundingClientRect();
        const scrolls = overflow => overflow === "auto" || overflow === "scroll";
        const has_cue = textOverflow === "ellipsis" || webkitLineClamp !== "none" || element.closest("[title]");
        const own = {element, right, bottom, has_cue, inX: scrolls(overflowX), inY: scrolls(overflowY)};
        return [own, ...around];
    });

    // What stays where it is on the screen is in no card, whatever holds it.
    const isFixed = remembered(element => element !== document.body
        && (getComputedStyle(element).position === "fixed" || isFixed(element.parentElement)));
    const drawn = [];
    const isCut = new Set();
    const range = document.createRange();
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const parent = texts.currentNode.parentElement;
        if (!texts.currentNode.data.trim() || !isShown(parent) || !cutters(parent)) continue;
        range.selectNodeContents(texts.currentNode);
        let {top, bottom, left, right, width} = range.getBoundingClientRect();
        if (!width) continue;
        for (const cutter of cutters(parent)) {
            const cuts = !cutter.inX && right > cutter.right + 1 || !cutter.inY && bottom > cutter.bottom + 3;
            if (cuts && !cutter.has_cue) isCut.add(cutter.element);
            right = Math.min(right, cutter.right);
            bottom = Math.min(bottom, cutter.bottom);
        }
        if (right > innerWidth + 1) faults.push(["wider than the page", name(parent)]);
        if (!isFixed(parent)) drawn.push({element: parent, top, bottom, left, right});
    }
    for (const element of isCut) faults.push(["cut text", name(element)]);
    const [, ...furtherTabs] = [...document.querySelectorAll("main nav.tabs")].filter(isShown);
    for (const element of furtherTabs) faults.push(["second row of tabs", name(element)]);
    if (document.documentElement.scrollWidth > innerWidth)
        faults.push(["wider than the page", `${document.documentElement.scrollWidth} px`]);
    for (const element of document.querySelectorAll("main *")) {
        if (element.scrollWidth <= element.clientWidth + 1 || !isShown(element)) continue;
        const {overflowX, backgroundImage, maskImage} = getComputedStyle(element);
        if (overflowX !== "visible" && overflowX !== "hidden" && overflowX !== "clip"
            && !backgroundImage.includes("gradient") && !maskImage.includes("gradient"))
            faults.push(["scrolls sideways without a cue", name(element)]);
    }

    // The largest gap between boxes that stand one below the other, from `top` to `bottom`.
    const gap = (boxes, top, bottom) => {
        let largest = 0, end = top;
        for (const box of boxes.sort((one, other) => one.top - other.top)) {
            largest = Math.max(largest, box.top - end);
            end = Math.max(end, box.bottom);
        }
        return Math.round(Math.max(largest, bottom - end));
    };
    const main = document.querySelector("main");
    const PICTURED = "svg, img, input, select, textarea, button, [data-plot-frame], tr";
    for (const element of main?.querySelectorAll(PICTURED) ?? [])
        if (element.checkVisibility() && !isFixed(element))
            drawn.push({element, ...element.getBoundingClientRect().toJSON()});
    for (const [card, boxes] of Map.groupBy(drawn, box => box.element.closest("main .card"))) {
        if (!card) continue;
        const {top, bottom} = card.getBoundingClientRect();
        const empty = gap(boxes, top, bottom);
        if (empty > void_px) faults.push([`void of ${empty} px`, name(card)]);
    }
    // What cards stand in is looked through; cards and whatever else stands beside them are blocks.
    const holdsCards = element => !element.matches(".card") && element.querySelector(".card");
    const isThere = element => getComputedStyle(element).display === "contents" || element.checkVisibility();
    const blocks = element => [...element.children].filter(child => isThere(child) && !isFixed(child)).flatMap(
        child => holdsCards(child) ? blocks(child) : [child.getBoundingClientRect()]);
    const inMain = main ? blocks(main).filter(box => box.height > 1) : [];
    for (let part = 1; part < 24; part += 2) {
        const x = main.getBoundingClientRect().left + main.clientWidth * part / 24;
        const crossed = inMain.filter(box => box.left <= x && box.right >= x);
        if (!crossed.length) continue;
        const empty = gap(crossed, crossed[0].top, Math.max(...crossed.map(box => box.bottom)));
        if (empty > void_px) faults.push([`void of ${empty} px between cards`, `at ${Math.round(x)} px`]);
    }
    return faults;
}"""


# Whatever stays in view while the page scrolls lies over the page, and so does what a reader opened; all else covers
# nothing. What a table moved under its own edge is not in view.
COVERED = """() => {
    const OVER = ".top, thead, tfoot, .matrix-tip, [popover], dialog, .menu-body, .skip, .problem-panel, .what-if-body"
        + ", .drawer-button";
    const NOT_LOOKED_AT = `${OVER}, .visually-hidden, .compact, [data-plot-frame], [aria-hidden=true], svg, option`;
    const name = element => [element.localName, ...element.classList].join(".")
        + ` "${element.textContent.trim().replace(/\\s+/g, " ").slice(0, 40)}"`;
    const faults = new Map();
    const range = document.createRange();
    const inView = (box, element) => {
        for (let at = element; at !== document.body; at = at.parentElement) {
            const {overflowX, overflowY, clipPath} = getComputedStyle(at);
            if (clipPath !== "none") return false;
            if (overflowX === "visible" && overflowY === "visible") continue;
            const {left, right, top, bottom} = at.getBoundingClientRect();
            if (box.x < left || box.x > right || box.y < top || box.y > bottom) return false;
        }
        return true;
    };
    const look = main => {
        const texts = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {
            const parent = texts.currentNode.parentElement;
            if (!texts.currentNode.data.trim() || parent.closest(NOT_LOOKED_AT)) continue;
            range.selectNodeContents(texts.currentNode);
            const [first] = range.getClientRects();
            if (!first?.width || first.top < 100 || first.bottom > innerHeight || !parent.checkVisibility()) continue;
            for (const x of [first.left + 2, first.right - 2]) {
                const point = {x, y: (first.top + first.bottom) / 2};
                const top = document.elementFromPoint(point.x, point.y);
                if (!top || top.contains(parent) || parent.contains(top) || top.closest(OVER)) continue;
                if (!inView(point, parent)) continue;
                faults.set(parent, `by ${name(top)}`);
            }
        }
    };
    const at = scrollY, last = document.documentElement.scrollHeight - innerHeight;
    for (let y = 0; ; y += innerHeight - 140) {
        scrollTo(0, Math.min(y, last));
        look(document.querySelector("main") ?? document.body);
        if (y >= last) break;
    }
    scrollTo(0, at);
    return [...faults].slice(0, 5).map(([element, by]) => ["covered text", `${name(element)} ${by}`]);
}"""


# A table that is wider than its frame says so at the edge, and its frame can be reached and has a name; no line cuts an
# id in two. On a phone rows are cards, and none is wider than the screen; the report's matrix is for paper.
TABLES = """() => [...document.querySelectorAll(".table-scroll")].filter(frame => frame.checkVisibility())
    .flatMap(frame => {
        const isWide = frame.scrollWidth > frame.clientWidth + 1;
        const hasCue = frame.tabIndex === 0 && frame.ariaLabel && frame.role === "region"
            && getComputedStyle(frame).backgroundImage.includes("gradient");
        const faults = [];
        if (isWide && !hasCue) faults.push(["wide table without a cue", frame.ariaLabel]);
        if (isWide && innerWidth <= 390 && location.pathname !== "/readiness/report/")
            faults.push(["table wider than a phone", frame.ariaLabel]);
        const texts = document.createTreeWalker(frame, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {
            for (const match of texts.currentNode.data.matchAll(/[A-Za-z]\\w*(-\\w+)*-\\w*\\d\\w*/g)) {
                const range = document.createRange();
                range.setStart(texts.currentNode, match.index);
                range.setEnd(texts.currentNode, match.index + match[0].length);
                const lines = new Set([...range.getClientRects()].map(box => Math.round(box.top)));
                if (lines.size > 1) faults.push(["cut id", match[0]]);
            }
        }
        return faults;
    })"""


def faults(page, screen):
    """Return the faults of the page's boxes as they stand, each with the screen."""
    return [(screen, *fault) for fault in [*page.evaluate(FAULTS, VOID_PX), *page.evaluate(COVERED)]]


def faults_of_tables(page, screen):
    return [(screen, *fault) for fault in page.evaluate(TABLES)]
