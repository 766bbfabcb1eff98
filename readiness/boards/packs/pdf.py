"""Renders a document as PDF. Only this module imports the library, and it knows nothing about sites."""

import io
import unicodedata
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import CondPageBreak, PageBreak, Paragraph, SimpleDocTemplate, Spacer
from reportlab.platypus import Table as Grid

from readiness.boards.packs.document import Document, PackTable, Section
from web.states import state

PAGE = landscape(A4)
MARGIN = 14 * mm
# A frame has a padding of six points on each side.
WIDTH = PAGE[0] - 2 * MARGIN - 12
LINE = colors.HexColor("#c9ced6")
HEAD = colors.HexColor("#eef1f5")
GREY = colors.HexColor("#5b6470")
CELL = 7.2
HEADING_ROOM = 35 * mm
"""A section with less room than this begins on the next page: a heading, the head of its table and some rows."""
# The library's own fonts cover most European letters; embedding them makes any PDF reader show them.
FONTS = {"Pack": "Vera.ttf", "Pack-Bold": "VeraBd.ttf"}


def pdf_of(document: Document) -> bytes:
    """Render the document. The same document always gives the same bytes: no clock, no random id."""
    for name, file in FONTS.items():
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, file))
    out = io.BytesIO()
    pdf = SimpleDocTemplate(
        out,
        pagesize=PAGE,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN + 6 * mm,
        bottomMargin=MARGIN,
        title=document.title,
        subject=document.subtitle,
        author="Muster",
        invariant=1,
    )

    def frame(canvas: Any, template: Any) -> None:
        canvas.saveState()
        canvas.setFont("Pack", 7)
        canvas.setFillColor(GREY)
        top, bottom, right = PAGE[1] - MARGIN, MARGIN - 5 * mm, PAGE[0] - MARGIN
        canvas.drawString(MARGIN, top, printable(document.title))
        canvas.drawRightString(right, top, printable(document.subtitle))
        canvas.drawString(MARGIN, bottom, printable(document.stamp))
        canvas.drawRightString(right, bottom, f"{template.page}")
        canvas.restoreState()

    pdf.build(list(_story(document)), onFirstPage=frame, onLaterPages=frame)
    return out.getvalue()


def printable(text: str) -> str:
    glyphs = pdfmetrics.getFont("Pack").face.charToGlyph
    return "".join(char if ord(char) in glyphs else _nearest(char, glyphs) for char in text)


def _nearest(char: str, glyphs: Any) -> str:
    base = unicodedata.normalize("NFKD", char)[0]
    return base if ord(base) in glyphs else " " if char.isspace() else "?"


def _style(size: float, *, bold: bool = False, color: Any = colors.black, after: float = 0) -> ParagraphStyle:
    name = "Pack-Bold" if bold else "Pack"
    return ParagraphStyle(
        name,
        fontName=name,
        fontSize=size,
        leading=size * 1.3,
        textColor=color,
        spaceAfter=after,
        splitLongWords=1,
    )


def _story(document: Document) -> Iterator[Any]:
    yield _paragraph(document.title, _style(18, bold=True, after=4))
    yield _paragraph(f"{document.subtitle}. {document.stamp}.", _style(9, color=GREY, after=8))
    for section in document.sections:
        yield from _section(section)


def _section(section: Section) -> Iterator[Any]:
    # A heading kept with its table would move the whole table to the next page.
    yield PageBreak() if section.new_page else CondPageBreak(HEADING_ROOM)
    yield _paragraph(section.title, _style(12, bold=True, after=3))
    if section.lead:
        yield _paragraph(section.lead, _style(8, color=GREY, after=3))
    if section.facts:
        yield _facts(section)
        yield Spacer(0, 3 * mm)
    if section.table is not None:
        yield _grid(section.table)
    if section.empty and not section.facts and section.table is None:
        yield _paragraph(section.empty, _style(8.5))
    yield Spacer(0, 5 * mm)


def _facts(section: Section) -> Grid:
    rows = [
        [_paragraph(term, _style(8, color=GREY)), _paragraph(value, _style(8))]
        for term, value in section.facts
    ]
    grid = Grid(rows, colWidths=[WIDTH * 0.22, WIDTH * 0.78], hAlign="LEFT", splitInRow=1)
    grid.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), *_padding(1.5)])
    return grid


def _grid(table: PackTable) -> Grid:
    shares = [column.percent for column in table.columns]
    rows = [[_paragraph(column.title, _style(CELL, bold=True)) for column in table.columns]]
    for row in table.rows:
        cells = zip(table.columns, row, strict=True)
        rows.append(
            [
                _paragraph(str(state(column.kind, cell).word) if column.kind else cell, _style(CELL))
                for column, cell in cells
            ]
        )
    widths = [WIDTH * share / sum(shares) for share in shares]
    # A single reason may be longer than a page.
    grid = Grid(rows, colWidths=widths, repeatRows=1, splitInRow=1)
    grid.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("BACKGROUND", (0, 0), (-1, 0), HEAD),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
            *_padding(2.5),
        ]
    )
    return grid


def _padding(points: float) -> list[tuple[Any, ...]]:
    sides = ("TOPPADDING", "BOTTOMPADDING", "LEFTPADDING", "RIGHTPADDING")
    return [(side, (0, 0), (-1, -1), points) for side in sides]


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(printable(text)), style)
