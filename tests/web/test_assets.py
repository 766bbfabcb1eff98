"""What a browser loads: sizes, licences, sources. Budgets are brotli at its best, as served."""

import re
import shutil
import subprocess
from itertools import pairwise

import brotli
import pytest
from django.conf import settings
from django.core.files.storage import FileSystemStorage

from web.storage import BundledStaticFilesStorage, BundlingError

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


def copy_static(root, folder):
    for part in ("js", "css", "img", "fonts", "vendor"):
        shutil.copytree(root / "static" / part, folder / part, dirs_exist_ok=True)


def collect(folder):
    """Give the collected files of a folder their names; return them by the name that a template has."""
    storage = BundledStaticFilesStorage(location=folder, base_url="/static/")
    names = [str(path.relative_to(folder)) for path in folder.glob("*/[!.]*") if path.name.count(".") == 1]
    static = FileSystemStorage(location=settings.BASE_DIR / "static")
    answers = [answer for *_, answer in storage.post_process({name: (static, name) for name in names})]
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    return storage.hashed_files


def collected(root, folder):
    copy_static(root, folder)
    return collect(folder)


@pytest.fixture(scope="module")
def bundled(pytestconfig, tmp_path_factory):
    """The folder with what is served, and its names by those in the templates; one more module is imported lazily."""
    folder = tmp_path_factory.mktemp("static")
    copy_static(pytestconfig.rootpath, folder)
    (folder / "js/on_demand.js").write_text("export const answer = 42;")
    with (folder / "js/main.js").open("a") as main:
        main.write("document.addEventListener('road', () => import('./on_demand.js').then(console.log));")
    return folder, collect(folder)


@pytest.mark.full
def test_plotly_fits_its_budget(vendor):
    assert brotli_kib(vendor / "plotly.js") <= PLOTLY_KIB


@pytest.mark.full
def test_a_cold_page_without_charts_fits_its_budget(bundled):
    folder, names = bundled
    every_page = ["css/main.css", "js/main.js", "vendor/htmx.js", "vendor/icons.svg", "img/muster.svg"]
    font = folder / names["fonts/inter.woff2"]  # woff2 is compressed already
    of_a_page = {
        kind: max(
            brotli_kib(folder / names[name])
            for name in names
            if name.startswith(kind) and name not in every_page
        )
        for kind in ("css/", "js/")
    }
    everything = (
        brotli_kib(*(folder / names[name] for name in every_page)) + font.stat().st_size / KIB + PAGE_KIB
    )
    assert everything + sum(of_a_page.values()) <= REST_KIB


@pytest.mark.full
def test_first_load_fits_its_budget_with_a_page_at_its_limit(vendor, own):
    everything = [path for path in vendor.iterdir() if path.suffix in {".css", ".js", ".svg", ".woff2"}]
    assert brotli_kib(*everything, *own) + 2 * PAGE_KIB <= FIRST_LOAD_KIB  # one page, one chart's data


def test_lock_file_and_settings_name_no_registry(pytestconfig):
    for folder in (pytestconfig.rootpath, pytestconfig.rootpath / "tests/peers/javascript"):
        for name in ("package-lock.json", "package.json", ".npmrc"):
            assert "://" not in (folder / name).read_text(), folder / name


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


@pytest.mark.full
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


def test_modules_and_styles_are_bundles_under_names_with_a_hash(bundled):
    folder, names = bundled
    assert {"js/main.js", "js/matrix.js", "css/main.css", "css/matrix.css"} <= {*names}
    assert {"js/theme.js", "css/base.css"} & {*names} == set()  # parts of js/main.js and css/main.css
    assert "@import" not in (folder / names["css/main.css"]).read_text()
    hashed = re.compile(settings.WHITENOISE_IMMUTABLE_FILE_TEST)
    assert [name for name in names.values() if not hashed.search(name)] == []
    assert {path for path in (folder / "js").glob("*.js") if not hashed.search(path.name)} == set()


def test_a_module_that_another_imports_lazily_is_a_file_that_it_finds(bundled):
    folder, names = bundled
    lazy = names["js/on_demand.js"].removeprefix("js/")
    assert f'import("./{lazy}")' in (folder / names["js/main.js"]).read_text()
    for path in (folder / "js").glob("*.js"):
        for imported in re.findall(r"""(?:from|import)\s*\(?["']\./([^"']+)["']""", path.read_text()):
            assert (path.parent / imported).exists()


def test_bundles_are_compressed_once(bundled):
    folder, names = bundled
    for name in ("js/main.js", "css/main.css"):
        assert (folder / f"{names[name]}.br").exists()


@pytest.mark.full
def test_a_second_run_bundles_the_sources_and_not_the_bundles(bundled, pytestconfig):
    folder, names = bundled
    again = collected(pytestconfig.rootpath, folder)
    assert again["js/matrix.js"] == names["js/matrix.js"]
    assert {*again} == {*names} - {"js/on_demand.js"}


@pytest.mark.full
def test_a_module_with_a_fault_stops_the_start_and_is_named(tmp_path, pytestconfig):
    copy_static(pytestconfig.rootpath, tmp_path)
    (tmp_path / "js/broken.js").write_text("const = 1;")
    with pytest.raises(BundlingError, match=r"broken\.js"):
        collect(tmp_path)
