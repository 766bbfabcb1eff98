"""YAML: what is read, and what is refused before it costs anything."""

import pytest
import yaml

from web import yaml_documents
from web.yaml_documents import YamlError


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: 1\nb: [x, 2.5, true, null, 2026-11-24, 2026-11-24T16:00:00Z]\n'1': \"2\"\n",
        "- |\n  two\n  lines\n- >-\n  one\n  line\n- !!str 1\n- ! 1\n- 0x1f\n- 1_000\n- .inf\n",
        "? a\n: {b: {c: [[], {}]}}\n",
        "plain",
    ],
)
def test_what_is_read_is_what_pyyaml_reads(text):
    assert yaml_documents.read(text) == yaml.safe_load(text)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        pytest.param("a: &x [1]\nb: *x", 2, "aliases", id="alias"),
        pytest.param("a: 1\na: 2", 2, "twice", id="key twice"),
        pytest.param("1: 1\n1: 2", 2, "twice", id="number twice"),
        pytest.param("? [a]\n: 1", 1, "a key", id="list for a key"),
        pytest.param("\n" + "[" * 41 + "]" * 41, 2, "nested", id="nested"),
        pytest.param("[" * 100_000, 0, "valid YAML", id="nested without end"),
        pytest.param("a: 1\n---\nb: 2", 2, "one document", id="two documents"),
        pytest.param("a: !!python/object:os.system x", 1, "cannot be read", id="tag of a program"),
        pytest.param("a: !!set {x}", 1, "tag", id="set"),
        pytest.param("a:\n  <<: {b: 1}", 2, "<<", id="merge"),
        pytest.param("a: 2026-02-31", 1, "cannot be read", id="no such day"),
        pytest.param("a: !!bool maybe", 1, "cannot be read", id="no such truth"),
        pytest.param("a: " + "9" * 5000, 1, "figure", id="endless number"),
        pytest.param("a: 1" + ":1" * 300_000, 1, "figure", id="endless number to the base of 60"),
        pytest.param("a: 0x" + "f" * 5000, 1, "figure", id="endless hexadecimal number"),
        pytest.param("a: 1" + ":1" * 190 + ".5", 1, "cannot be read", id="beyond floats"),
        pytest.param("a: \ud800", 0, "valid YAML", id="half a character"),
        pytest.param("a: \x00", 0, "valid YAML", id="NUL"),
        pytest.param("x" * (1024 * 1024 + 1), 0, "is the most", id="too large"),
    ],
)
def test_what_is_refused_names_its_line(text, line, reason):
    with pytest.raises(YamlError) as refused:
        yaml_documents.read(text)
    assert (refused.value.line, reason in refused.value.reason) == (line, True), refused.value.reason


def test_what_is_written_is_read_back():
    twice = ["x"]
    value = {
        "twice": [twice, twice],
        "b": ["é = 1", "two\nlines", "", None, 1.5],
        "a": {"x": "- no list", "y": "=1+1"},
    }
    assert yaml_documents.read(yaml_documents.write(value)) == value
