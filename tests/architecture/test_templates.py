"""Templates keep to the content security policy, and none lies about unused."""

import re
from pathlib import Path

import pytest
from django.template.loader import get_template

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
# Django itself looks these up by name.
FOUND_BY_NAME = {"400.html", "403.html", "403_csrf.html", "404.html", "409.html"}


def named(path: Path) -> str:
    return path.relative_to(ROOT / "templates").as_posix()


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_a_template_compiles(path):
    get_template(named(path))


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_a_template_has_nothing_that_the_policy_blocks(path):
    text = path.read_text(encoding="utf-8")
    inline_scripts = [
        tag for tag in re.findall(r"<script\b[^>]*>", text) if "src=" not in tag and "json" not in tag
    ]
    assert inline_scripts == []
    assert re.findall(r"<style\b", text) == []
    assert re.findall(r"""\sstyle\s*=\s*["']""", text) == []
    assert re.findall(r"""\son[a-z]+\s*=\s*["']|hx-on|javascript:""", text) == []


def test_every_template_is_used():
    sources = [
        path.read_text(encoding="utf-8")
        for top in (
            "accounts",
            "config",
            "inventory",
            "readiness",
            "telemetry",
            "web",
            "templates",
            "tests/web/pages",
        )
        for path in (ROOT / top).rglob("*")
        if path.suffix in {".py", ".html"}
    ]
    text = "\n".join(sources)
    unused = [
        named(path) for path in TEMPLATES if named(path) not in FOUND_BY_NAME and named(path) not in text
    ]
    # Django's own login and password views name theirs.
    assert [name for name in unused if not name.startswith("registration/")] == []
