"""A legend shows the same pattern as the picture beside it."""

import re

import pytest
from django.template import Context, Template

SHAPES = {"line", "dash", "area", "bar", "block", "dot", "ring", "diamond", "cross"}
ROLES = ("deployed", "ready", "conditional", "gap", "compute", "accent", "ok", "warn", "bad", "muted")


def swatch(role, shape):
    template = Template('{% include "web/swatch.html" %}')
    return template.render(Context({"role": role, "shape": shape}))


def patterned_in_charts(root):
    [body] = re.findall(
        r"^function pattern\(.*?^}", (root / "static/js/chart_theme.js").read_text(), re.M | re.S
    )
    return set(re.findall(r"role === '(\w+)'", body))


@pytest.mark.parametrize("shape", ["area", "bar"])
def test_swatch_is_patterned_where_the_chart_is(pytestconfig, shape):
    assert {role for role in ROLES if "<path" in swatch(role, shape)} == patterned_in_charts(
        pytestconfig.rootpath
    )


def test_block_is_plain():
    assert not [role for role in ROLES if "<path" in swatch(role, "block")]


def test_legends_name_shapes_that_there_are(pytestconfig):
    entries = [
        (path.name, entry)
        for path in (pytestconfig.rootpath / "templates").rglob("*.html")
        for tag in re.findall(r"{% legend ([^%]+) as \w+ %}", path.read_text())
        for entry in re.findall(r'"([^"]+)"', tag)
    ]
    assert [each for each in entries if each[1].split(" ")[1] not in SHAPES] == []
