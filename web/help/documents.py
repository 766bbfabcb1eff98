"""Guides and the glossary as pages: Markdown of `docs/`, which comes with Muster, so that it is trusted."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree as ET

import markdown
from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from markdown.treeprocessors import Treeprocessor

DOCS = Path(settings.BASE_DIR) / "docs"
PICTURES = DOCS / "pictures"
_GUIDE = re.compile(r"([\w-]+)\.md(#.*)?")
_GLOSSARY = re.compile(r"(?:\.\./)?glossary\.md(#.*)?")
_PICTURE = re.compile(r"(?:\.\./)?pictures/([\w-]+\.webp)")


@dataclass(frozen=True, slots=True)
class GuideHeading:
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class GuideDocument:
    """`headings` are those of the second level."""

    title: str
    html: SafeString
    headings: tuple[GuideHeading, ...]


def document(path: Path) -> GuideDocument:
    """The document in a file of `docs/`. Raises FileNotFoundError."""
    return _rendered(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _rendered(path: Path, _written_ns: int) -> GuideDocument:
    first, _, text = path.read_text(encoding="utf-8").partition("\n")
    converter = _converter()
    html = converter.convert(text)
    headings = tuple(GuideHeading(each["id"], each["name"]) for each in converter.toc_tokens)  # type: ignore[attr-defined]
    return GuideDocument(first.removeprefix("# "), mark_safe(html), headings)


def inline(text: str) -> SafeString:
    """One line of Markdown without its paragraph."""
    return mark_safe(_converter().convert(text).removeprefix("<p>").removesuffix("</p>"))


def _converter() -> markdown.Markdown:
    converter = markdown.Markdown(
        extensions=["tables", "fenced_code", "sane_lists", "toc"],
        extension_configs={"toc": {"toc_depth": "2-2"}},
    )
    converter.treeprocessors.register(_ForPages(), "for pages", 0)
    return converter


class _ForPages(Treeprocessor):
    """Links lead to pages, where there is one; wide tables scroll by themselves."""

    def run(self, root: ET.Element) -> None:
        for parent in list(root.iter()):
            for place, child in enumerate(list(parent)):
                match child.tag:
                    case "a":
                        _lead(child)
                    case "img":
                        picture = _PICTURE.fullmatch(child.get("src", ""))
                        child.set("src", reverse("help-picture", args=[picture[1]]) if picture else "")
                        child.set("loading", "lazy")
                    case "table":
                        parent[place] = _scrolling(child)
        for number, region in enumerate(root.iterfind(".//div[@role]"), start=1):
            region.set("aria-label", f"Table {number}, scrolls sideways")


def _lead(link: ET.Element) -> None:
    address = link.get("href", "")
    if address.startswith(("#", "/")):
        return
    if address.startswith(("https://", "http://")):
        link.set("rel", "noreferrer")
    elif glossary := _GLOSSARY.fullmatch(address):
        link.set("href", reverse("glossary") + (glossary[1] or ""))
    elif guide := _GUIDE.fullmatch(address):
        link.set("href", reverse("guide", args=[guide[1]]) + (guide[2] or ""))
    else:
        # A file that is no page, such as a decision record.
        link.tag = "span"
        link.attrib.clear()


def _scrolling(table: ET.Element) -> ET.Element:
    table.set("class", "table")
    region = ET.Element("div", {"class": "table-scroll", "tabindex": "0", "role": "region"})
    region.append(table)
    region.tail, table.tail = table.tail, None
    return region


def rows_of(path: Path) -> Iterator[list[str]]:
    """The cells of each row of the tables in a file, without their headings."""
    for line in path.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and not set(cells[0]) <= set("-: "):
            yield cells
