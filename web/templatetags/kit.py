"""Template tags of the page kit: icons, states, form controls. `{% load kit %}`."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.contrib.messages.storage.base import Message
from django.db.models import Model
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect, Select, Textarea
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from web.ages import ago, old
from web.drawing import stacked
from web.fields import mistakes
from web.forms import grouped
from web.history.undo import UndoForm, form_in
from web.links import page_url
from web.permissions import roles_of
from web.states import ATTRIBUTES, state
from web.units import (
    Formatted,
    against_limit,
    duration,
    format_value,
    how_many,
    number,
    power,
    signed,
    time_of_day,
)
from web.units import day as day_text
from web.units import instant as instant_text
from web.visibility import name_of

register = template.Library()

COLUMN_EVERY, COLUMN_HEIGHT = 12, 22

_OWN_PAGE = re.compile(rf"(?<![^\s(])(?:{re.escape(settings.BASE_URL)})?(?P<page>/[a-z][\w-]*/[\w/?=&;%.-]*)")
_CLOCK_WORDS = {"late": ("clock-exclamation", "data late"), "silent": ("plug-connected-x", "data silent")}


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, size: str = "") -> SafeString:
    """A decorative icon from the sprite; size is "" (18 px), "small" (16) or "tiny" (14)."""
    # Cached: a page shows hundreds of icons of a few dozen kinds, and the sprite's address never changes.
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}#{}"/></svg>',
        size,
        static("vendor/icons.svg"),
        name,
    )


register.simple_tag(roles_of, name="roles_of")
_CODE = re.compile("`([^`]+)`")


@register.simple_block_tag
def text(content: str) -> str:
    """`{% text as title %}Evaluate {{ site }}?{% endtext %}` stores a sentence for later tags."""
    return content


@register.filter
def prose(text: object) -> SafeString:
    return mark_safe(_CODE.sub(r"<code>\1</code>", conditional_escape(str(text))))


@register.filter
def emphasised(text: str, query: str) -> SafeString:
    """Mark the words of a query in a text."""
    words = "|".join(map(re.escape, query.split()))
    parts = re.split(f"({words})", text, flags=re.IGNORECASE) if words else [text]
    marked = (format_html("<mark>{}</mark>" if at % 2 else "{}", part) for at, part in enumerate(parts))
    return format_html_join("", "{}", ((part,) for part in marked))


@register.simple_tag
def pill(kind: str, value: str | None, note: object = "", clock: str = "") -> SafeString:
    """Icon, word and colour of a state. `clock` is "late" or "silent" if the data behind it are."""
    return _pill(kind, value, str(note) if note else "", clock)


@lru_cache(maxsize=1024)
def _pill(kind: str, value: str | None, note: str, clock: str) -> SafeString:
    look = state(kind, value)
    extra = format_html(' <span class="note">{}</span>', note) if note else ""
    if clock:
        clock_icon, clock_word = _CLOCK_WORDS[clock]
        extra = format_html(
            '{}{}<span class="visually-hidden"> {}</span>', extra, icon(clock_icon, "tiny"), (clock_word)
        )
    return format_html(
        '<span class="pill" {}{}>{}{}{}</span>',
        state_attribute(kind, value),
        format_html(' data-clock="{}"', clock) if clock else "",
        icon(look.icon, "tiny"),
        look.word,
        extra,
    )


@register.simple_tag
def mark(
    kind: str, value: str | None, label: object = "", size: str = "small", clock: str = "", note: str = ""
) -> SafeString:
    """Only the state's icon in its colour; the word is a tooltip and read aloud ("compute: Warn")."""
    return _mark(kind, value, str(label) if label else "", size, clock, note)


@lru_cache(maxsize=1024)
def _mark(kind: str, value: str | None, label: str, size: str, clock: str, note: str) -> SafeString:
    look = state(kind, value)
    text = f"{label}: {look.word}" if label else str(look.word)
    text = f"{text}, {note}" if note else text
    beside: str = ""
    if clock:
        clock_icon, clock_word = _CLOCK_WORDS[clock]
        text = f"{text}, {(clock_word)}"
        beside = icon(clock_icon, "tiny")
    return format_html(
        '<span class="mark" {} role="img" aria-label="{}" title="{}">{}{}</span>',
        state_attribute(kind, value),
        text,
        text,
        icon(look.icon, size),
        beside,
    )


@register.simple_tag
def state_icon(kind: str, value: str | None, size: str = "tiny") -> SafeString:
    return icon(state(kind, value).icon, size)


@register.simple_tag
def state_word(kind: str, value: str | None) -> str:
    return str(state(kind, value).word)


@register.simple_tag
@lru_cache(maxsize=256)
def state_attribute(kind: str, value: str | None) -> SafeString:
    return format_html('{}="{}"', SafeString(ATTRIBUTES[kind]), state(kind, value).value)


@register.simple_tag
def health_row(health: Iterable[Mapping[str, Any]]) -> SafeString:
    return SafeString(
        "".join(
            mark("health", each["state"], each["domain"], clock=each["clock"], note=each.get("note", ""))
            for each in health
        )
    )


@register.simple_tag
def pillar_columns(pillars: Iterable[Mapping[str, Any]]) -> SafeString:
    """The columns of web/pillar_marks.html: a page of sites has hundreds, too many for a template loop.

    They grow upwards from y = 0, because the surrounding group is flipped. A column without a score is full and dotted.
    """
    drawn = []
    for place, pillar in enumerate(pillars):
        score = pillar["score"]
        x = COLUMN_EVERY * place
        height = COLUMN_HEIGHT if score is None else round(COLUMN_HEIGHT * score / 100, 1)
        drawn.append(
            f'<rect class="track" x="{x}" width="9" height="{COLUMN_HEIGHT}" rx="1.5"/>'
            f"<rect {state_attribute('check', pillar['state'] or 'unknown')}"
            f' x="{x}" width="9" height="{height}" rx="1.5"/>'
        )
    return SafeString("".join(drawn))


@register.simple_tag
def pillar_words(pillars: Iterable[Mapping[str, Any]]) -> str:
    return ", ".join(
        f"{pillar['label']} {'unknown' if pillar['score'] is None else round(pillar['score'])}"
        for pillar in pillars
    )


@register.filter
def counted(number: int, nouns: str) -> str:
    return how_many(number, *nouns.split(","))


@register.filter
def percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0f} %"


@register.filter
def span_to(at: datetime | None, until: datetime) -> str:
    return duration((until - at).total_seconds()) if at else ""


@register.filter
def person(who: Model | str | None) -> str:
    """A person's name as the reader may see it: every name on a page uses this filter or web.visibility."""
    return name_of(who)


@register.filter
def instant(at: datetime | None) -> str:
    """An instant as text: "18 Nov 2026 09:12 UTC", in the reader's zone."""
    return "" if not at else instant_text(at)


@register.filter
def when(at: datetime | None) -> SafeString | str:
    """An instant as an element; its datetime attribute is UTC to the second, and so is the tooltip."""
    if not at:
        return ""
    exact = at.astimezone(UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"
    return format_html(
        '<time class="nowrap" datetime="{}" title="{}">{}</time>', exact, exact, instant_text(at)
    )


@register.filter
def clock_time(at: datetime) -> SafeString:
    """The time of an instant below the heading of its day: "15:03"; the tooltip has all of it."""
    exact = at.astimezone(UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"
    return format_html('<time datetime="{}" title="{}">{}</time>', exact, instant_text(at), time_of_day(at))


@register.filter
def day(at: date | None) -> str:
    return "" if not at else day_text(at)


@register.filter
def iso(at: date | None) -> str:
    """A day or an instant for programs: an attribute, or a field's value."""
    return "" if not at else at.isoformat()


@register.filter
def amount(value: float | None, unit: str) -> str:
    return "" if value is None else str(format_value(value, unit)).strip()


@register.simple_tag
def entered(term: str, value: object, url: str = "", *, note: str = "", empty: str = "") -> str:
    text = value if value not in ("", None) else empty
    if not text:
        return ""
    link = format_html('<a href="{}">{}</a>', url, text) if url else text
    beside = format_html(' <span class="sub">{}</span>', note) if note else ""
    return format_html("<dt>{}</dt><dd>{}{}</dd>", term, link, beside)


@register.filter
def initials(user: object) -> str:
    full_name = getattr(user, "get_full_name", str)()
    name = (full_name or getattr(user, "get_username", str)()).strip()
    words = name.split()
    letters = words[0][0] + words[-1][0] if len(words) > 1 else name[:2]
    return letters.upper()


@register.filter
def control(field: BoundField) -> SafeString:
    """The field's widget in the style of the forms; web/field.html has labels, help and errors."""
    widget = field.field.widget
    if isinstance(widget, CheckboxInput | CheckboxSelectMultiple | RadioSelect):
        return field.as_widget()
    attrs: dict[str, Any] = {"class": "form-select" if isinstance(widget, Select) else "form-control"}
    if isinstance(widget, Textarea) and str(widget.attrs.get("rows")) == "10":
        # Remove Django's default height.
        attrs["rows"] = 3
    widget_html = field.as_widget(attrs=attrs)
    unit = getattr(field, "unit", "")
    beside = '<span class="with-unit">{}<span class="unit" aria-hidden="true">{}</span></span>'
    return format_html(beside, widget_html, unit) if unit else widget_html


register.filter("grouped", grouped)
register.filter("mistakes", lambda form: list(mistakes(form)) if form else [])


@register.filter
def points(share: float | None) -> str | None:
    return None if share is None else number(100 * share, 1)


@register.filter
def quantity(value: float | None, unit: str = "") -> str:
    return str(format_value(value, unit))


@register.filter
def measured(value: float | None, unit: str = "") -> Formatted:
    return format_value(value, unit)


@register.filter(name="old")
def old_since(at: datetime | None, seconds: float | None) -> SafeString | str:
    return old(at, seconds)


@register.filter
def whole(share: float | None) -> str:
    return "" if share is None else number(100 * share, 0)


@register.filter
def kw(power_kw: float) -> str:
    return str(power(power_kw))


@register.filter
def figure(value: float | None) -> str | None:
    return None if value is None else number(value)


@register.filter(name="ago")
def ago_of(at: datetime | None, now: datetime) -> SafeString | str:
    return ago(at, now=now)


@register.filter
def link_pages(text: str) -> SafeString:
    """Text of a message, in which addresses of Muster's own pages lead there."""
    escaped = str(conditional_escape(text))
    return mark_safe(_OWN_PAGE.sub(r'<a href="\g<page>">\g<0></a>', escaped))


register.filter("power", power)
register.filter("signed", signed)
register.filter("duration", duration)
register.filter("stacked", stacked)
register.simple_tag(against_limit)


@register.simple_tag(name="join")
def joined(*parts: object) -> str:
    """Text made of parts: `{% join "of " sites " sites" as note %}`."""
    return "".join(map(str, parts))


@register.inclusion_tag("web/kpi.html")
def kpi(label: object, value: object, **look: object) -> dict[str, object]:
    """A key figure; a quantity brings its unit. `look` may hold unit, note, tone, icon, url, spark and role."""
    figure = {"value": value.value, "unit": value.unit} if isinstance(value, Formatted) else {"value": value}
    return {"kpi": {"label": label, **figure, **look}}


@register.inclusion_tag("web/definition.html")
def fact(term: object, value: object = None, **look: object) -> dict[str, object]:
    """A line of a list of facts; a quantity brings its unit.

    `look` holds the fields of templates/web/definition.html.
    """
    figure = {"value": value.value, "unit": value.unit} if isinstance(value, Formatted) else {"value": value}
    return {"item": {"term": term, **figure, **look}}


@register.simple_tag
def undo_of(message: Message) -> UndoForm | None:
    """The form that takes back what a message says, if it offers that."""
    return form_in(message.extra_tags or "")


@register.simple_tag
def legend(*entries: str) -> list[dict[str, str]]:
    """The legend of a chart, from "role shape label"; empty entries are left out."""
    return [
        dict(zip(("role", "shape", "label"), entry.split(" ", 2), strict=True)) for entry in entries if entry
    ]


@register.inclusion_tag("web/breadcrumb.html")
def crumbs(*places: object) -> dict[str, object]:
    """The pages above, then the page's own label: "Label url-name", or an object that has a page."""
    above = [
        {"label": str(place), "url": page_url(place)}
        if isinstance(place, Model)
        else dict(zip(("label", "url"), _named(str(place)), strict=True))
        for place in places[:-1]
    ]
    return {"breadcrumbs": [*above, {"label": places[-1], "url": ""}]}


def _named(place: str) -> tuple[str, str]:
    label, _space, name = place.rpartition(" ")
    return label, reverse(name)
