"""Columns of the power path: a rack a row, its feeds at both sides."""

from collections.abc import Callable

from readiness.boards.power.paths import RackPath
from readiness.boards.power.sentences import feed_words
from web.links import link
from web.tables import Column, Table
from web.units import number, power

FEED = "readiness/power/feed_cell.html"


def racks_table(slug: str) -> Table:
    return Table(
        id="power-path",
        noun=("rack", "racks"),
        label="Racks and their feeds",
        columns=(
            Column("leg_a", "Feed A", lambda row: row.leg("A"), template=FEED, export=_export("A"), phone="full"),
            Column("rack", "Rack", "name", url=rack_url, sort=True, locked=True, phone="title"),
            Column("leg_b", "Feed B", lambda row: row.leg("B"), template=FEED, export=_export("B"), phone="full"),
            Column("load", "Load", "load_kw", _kw("load_kw"), sort=True, numeric=True, file_unit="kW",
                   hint="The highest load of the last two days, over 15 minutes, of all feeds together"),
            Column("rated", "Rated", "rated_kw", _kw("rated_kw"), sort=True, numeric=True, file_unit="kW",
                   hint="Power that the rack is built for"),
            Column("failover", "With one leg", "failover_percent", _percent, tone=_failover_tone, sort=True,
                   numeric=True, file_unit="%",
                   hint="Load of the leg that is left when the other one fails, in % of its breaker"),
            Column("headroom", "Headroom", "headroom_kw", _kw("headroom_kw"), tone="tone",
                   sort=lambda row: (row.headroom_kw is None, row.headroom_kw or 0), numeric=True, file_unit="kW",
                   hint="What the rack may still take, with one leg lost, below the limit of the breaker"),
            Column("devices", "Devices powered", template="readiness/power/devices_cell.html", sort=True, numeric=True),
            Column("nameplate", "On name plates", "nameplate_kw", _kw("nameplate_kw"), sort=True, numeric=True,
                   file_unit="kW"),
        ),
        default_sort="headroom",
        row_id="key",
        row_name="name",
        row_url=rack_url,
        empty={
            "title": "No rack yet",
            "text": "Racks, and feeds that lead to them, make the path of power through a site.",
            "icon": "bolt",
            "action_url": link("rack-list", site=slug),
            "action_label": "Racks in the inventory",
        },
    )  # fmt: skip


def rack_url(row: RackPath) -> str:
    return link("rack-detail", row.id) if row.id else ""


def _export(leg: str) -> Callable[[RackPath], str]:
    def export(row: RackPath) -> str:
        return "; ".join(f"{feed.name} {feed_words(feed)}" for feed in row.leg(leg))

    return export


def _kw(attribute: str) -> Callable[[RackPath], str]:
    def words(row: RackPath) -> str:
        value = getattr(row, attribute)
        return "" if value is None else str(power(value))

    return words


def _percent(row: RackPath) -> str:
    percent = row.failover_percent
    return "one leg only" if not row.is_dual else "" if percent is None else f"{number(round(percent))} %"


def _failover_tone(row: RackPath) -> str:
    percent = row.failover_percent
    return "bad" if percent is not None and percent > row.limit_percent else ""
