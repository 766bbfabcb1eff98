"""Templates keep to the content security policy, and none lies about unused."""

import re
from pathlib import Path

from django.template import TemplateSyntaxError
from django.template.loader import get_template

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
# Django itself looks these up by name.
FOUND_BY_NAME = {"400.html", "403.html", "403_csrf.html", "404.html", "409.html"}


def named(path: Path) -> str:
    return path.relative_to(ROOT / "templates").as_posix()


def broken(name: str) -> str:
    try:
        get_template(name)
    except TemplateSyntaxError as error:
        return str(error)
    return ""


def blocked(text: str) -> list[str]:
    """List scripts, styles and handlers within a page: the policy blocks them."""
    scripts = [tag for tag in re.findall(r"<script\b[^>]*>", text) if "src=" not in tag and "json" not in tag]
    return scripts + re.findall(
        r"""<style\b|\sstyle\s*=\s*["']|\son[a-z]+\s*=\s*["']|hx-on|javascript:""", text
    )


def test_every_template_compiles():
    assert {named(path): error for path in TEMPLATES if (error := broken(named(path)))} == {}


def test_no_template_has_what_the_policy_blocks():
    texts = {named(path): path.read_text(encoding="utf-8") for path in TEMPLATES}
    assert len(texts) > 300
    assert {name: tags for name, text in texts.items() if (tags := blocked(text))} == {}


def test_what_the_policy_blocks_is_seen():
    for markup in (
        "<script>a()</script>",
        "<style>",
        '<p style = "a">',
        '<p onclick="a()">',
        '<p hx-on:click="a">',
        '<a href="javascript:a()">',
    ):
        assert blocked(markup), markup
    assert not blocked('<script src="a.js"></script><script type="application/json">{}</script>')


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
