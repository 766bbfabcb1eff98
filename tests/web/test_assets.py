"""What a browser loads: sizes, licences, sources. Budgets are brotli at its best, as served."""

import re
import shutil
import subprocess
from itertools import pairwise

import brotli
import pytest

from web.storage import HashedStaticFilesStorage

KIB = 1024
FIRST_LOAD_KIB = 700
PLOTLY_KIB = 450
REST_KIB = 150
PAGE_KIB = 30
REMOTE = re.compile(r"""(?:https?:)?//(?!127\.0\.0\.1|localhost|www\.w3\.org/)[a-z0-9-]+\.[a-z]""")


def brotli_kib(*paths):
    return sum(len(brotli.compress(path.read_bytes(), quality=11)) for path in paths) / KIB


@pytest.fixture
def own(pytestconfig):
    static = pytestconfig.rootpath / "static"
    return [*(static / "css").glob("*.css"), *(static / "js").glob("*.js"), *(static / "img").glob("*")]


def test_plotly_fits_its_budget(vendor):
    assert brotli_kib(vendor / "plotly.js") <= PLOTLY_KIB


def test_everything_but_plotly_fits_its_budget(vendor, own):
    third_party = [
        path
        for path in vendor.iterdir()
        if path.suffix in {".css", ".js", ".svg"} and path.name != "plotly.js"
    ]
    font = (vendor / "inter-latin-wght.woff2").stat().st_size / KIB  # woff2 is compressed already
    assert brotli_kib(*third_party, *own) + font <= REST_KIB


def test_first_load_fits_its_budget_with_a_page_at_its_limit(vendor, own):
    everything = [path for path in vendor.iterdir() if path.suffix in {".css", ".js", ".svg", ".woff2"}]
    assert brotli_kib(*everything, *own) + 2 * PAGE_KIB <= FIRST_LOAD_KIB  # one page, one chart's data


def test_lock_file_and_settings_name_no_registry(pytestconfig):
    for name in ("package-lock.json", "package.json", ".npmrc"):
        assert "://" not in (pytestconfig.rootpath / name).read_text(), name


def test_nothing_is_loaded_from_elsewhere(pytestconfig, own):
    templates = [*(pytestconfig.rootpath / "templates").rglob("*.html")]
    for path in [*own, *templates]:
        assert REMOTE.search(path.read_text()) is None, path


def test_style_sheets_and_scripts_have_no_source_maps(vendor):
    """collectstatic with hashed names stops at a map it cannot find."""
    for path in vendor.iterdir():
        if path.suffix in {".css", ".js"}:
            assert b"sourceMappingURL" not in path.read_bytes(), path.name


def test_each_bundled_package_brings_its_licence(vendor):
    text = (vendor / "THIRD_PARTY.txt").read_text()
    for package in (
        "plotly.js 4.1.1",
        "htmx.org 4.0.1",
        "@tabler/core 1.6.1",
        "@tabler/icons",
        "@fontsource-variable/inter",
        "world-atlas",
    ):
        assert package in text
    for section in text.split("-" * 78):
        assert re.search("licen[cs]e|permission", section, re.IGNORECASE), section[:60]


def test_build_gives_the_same_bytes_again(vendor, tmp_path, pytestconfig):
    node = pytestconfig.rootpath / ".venv/bin/node"
    if not (pytestconfig.rootpath / "node_modules/esbuild").exists() or not node.exists():
        pytest.skip("needs node and node_modules to build again")
    command = [node, "web/assets/build_vendor.mjs", tmp_path]
    subprocess.run(command, cwd=pytestconfig.rootpath, check=True, timeout=120)
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    # The set-up leaves its stamp, a hidden file, beside what was built.
    assert built == {
        path.name: path.read_bytes() for path in vendor.iterdir() if not path.name.startswith(".")
    }


def luminance(colour):
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels
    ]
    return sum(weight * channel for weight, channel in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.fixture
def palette(pytestconfig):
    """{"light": {token: #RRGGBB}, "dark": …} of static/css/tokens.css."""
    found = re.findall(
        r"--([a-z0-9-]+): light-dark\((#[0-9A-F]{6}), (#[0-9A-F]{6})\)",
        (pytestconfig.rootpath / "static/css/tokens.css").read_text(),
    )
    return {
        "light": {name: light for name, light, _ in found},
        "dark": {name: dark for name, _, dark in found},
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_is_readable_on_page_card_and_pill(palette, theme):
    """4.5:1, WCAG 2.2 success criterion 1.4.3."""
    colours = palette[theme]
    for text in ("text", "text-2", "text-3", "accent", "ok", "warn", "bad", "unknown"):
        for ground in ("bg", "surface", "surface-2"):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for status in ("ok", "warn", "bad", "unknown", "accent"):
        assert contrast(colours[status], colours[f"{status}-bg"]) >= 4.5, status
    assert contrast(colours["accent-ink"], colours["accent"]) >= 4.5
    assert contrast(colours["on-bad-mark"], colours["bad-mark"]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_marks_stand_out_from_the_card(palette, theme):
    """3:1, WCAG 2.2 success criterion 1.4.11."""
    colours = palette[theme]
    marks = [
        "ok-mark",
        "warn-mark",
        "bad-mark",
        "unknown-mark",
        "compute",
        "network",
        "energy",
        "deployed",
        "ready",
        "gap",
    ]
    for mark in [*marks, *(f"pillar-{number}" for number in range(1, 6)), "border-strong"]:
        assert contrast(colours[mark], colours["surface"]) >= 2.95, mark


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_states_differ_in_lightness_too(palette, theme):
    """Without colour vision ok, warn and bad are still three greys."""
    greys = sorted(luminance(palette[theme][mark]) for mark in ("ok-mark", "warn-mark", "bad-mark"))
    assert all(after / before > 1.15 for before, after in pairwise(greys))


def test_hashed_modules_import_hashed_modules(pytestconfig, tmp_path):
    """An import of the plain name is cached for minutes only and could be older than its importer."""
    shutil.copytree(pytestconfig.rootpath / "static/js", tmp_path / "js")
    names = [f"js/{path.name}" for path in (tmp_path / "js").glob("*.js")]
    storage = HashedStaticFilesStorage(location=tmp_path, base_url="/static/")
    failures = [
        answer
        for *_, answer in storage.post_process({name: (storage, name) for name in names})
        if isinstance(answer, Exception)
    ]
    assert failures == []
    for hashed in (tmp_path / "js").glob("*.????????????.js"):
        imports = re.findall(r"""(?:from|import)\s*["']\./([^"']+)["']""", hashed.read_text())
        assert all(re.fullmatch(r"[a-z_]+\.[0-9a-f]{12}\.js", name) for name in imports), (
            hashed.name,
            imports,
        )
