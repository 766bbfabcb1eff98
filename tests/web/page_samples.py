"""What the sample pages of tests/web/pages show: every part of the page kit, filled from samples.yaml."""

import math
from pathlib import Path
from types import SimpleNamespace

import yaml
from django import forms

from tests.web import road_samples
from web.drawing import bar_width, spark_path, stacked
from web.states import STATES
from web.world_map import Marker, world_map

SAMPLES = yaml.safe_load((Path(__file__).parent / "samples.yaml").read_text())
COLUMN = {
    "hint": "",
    "unit": "",
    "numeric": False,
    "acts": False,
    "states": "",
    "sort_url": "",
    "sort": "",
    "phone": "pair",
}
CELL = {"url": "", "tone": "", "missing": False, "code": False}
TABLE = {
    "url": "/fleet/",
    "hidden": [("sort", "mw")],
    "filter_values": [("verdict", "not-ready")],
    "search": SimpleNamespace(name="q", value="", placeholder="Quick search"),
    "filters": [],
    "chips": [],
    "clear_url": "/fleet/",
    "choices": [],
    "exports": [{"label": "CSV", "url": "/fleet/?export=csv"}],
    "page": None,
    "selectable": False,
    "actions": [],
    "empty": {"title": "No sites yet", "text": "", "action_url": "", "action_label": "", "icon": ""},
    "api_url": "",
    "columns": [],
    "rows": [],
}


class SampleUser:
    is_authenticated = True
    email = "mira@example.org"

    def get_full_name(self):
        return "Mira Kovač"

    def get_username(self):
        return "mira"

    def __str__(self):
        return "mira"


class SampleForm(forms.Form):
    name = forms.CharField(help_text="As the sender names it.")
    cadence_s = forms.IntegerField(label="Cadence", min_value=1, initial=60)
    provenance = forms.ChoiceField(choices=[("measured", "Measured"), ("estimated", "Estimated")])
    paused = forms.BooleanField(required=False)


class LoginForm(forms.Form):
    username = forms.CharField()
    password = forms.CharField(widget=forms.PasswordInput)


def columns_of(name):
    return [SimpleNamespace(**COLUMN | column) for column in SAMPLES[name]]


def row(row_id, name, columns, contents, *, url="#main"):
    """contents: (text, cell template, value) in the order of the columns."""
    cells = [
        SimpleNamespace(column=column, text=text, template=template, value=value, **CELL)
        for column, (text, template, value) in zip(columns, contents, strict=True)
    ]
    menu = [SimpleNamespace(label="Open", url=url, icon="arrow-right", copies=False)]
    return SimpleNamespace(id=row_id, url=url, name=name, selected=False, cells=cells, menu=menu)


def table(table_id, title, nouns, **more):
    named = {"id": table_id, "title": title, "label": f"{title}, scrolls sideways", "noun": nouns}
    return SimpleNamespace(**TABLE | named | more)


def pillars(seed):
    made = []
    for index, (label, short) in enumerate(SAMPLES["pillars"]):
        score = max(12, min(96, 40 + (seed * 37 + index * 23) % 60))
        state = "pass" if score >= 80 else "warn" if score >= 60 else "fail"
        made.append(
            {"label": label, "short": short, "score": score, "upper": min(100, score + 12), "state": state}
        )
    made[3]["waived"] = 2
    made[4] |= {"score": None, "upper": None, "state": "unknown"}
    return made


def health(seed):
    silent = seed == 3
    return [
        {"domain": "compute", "state": "ok", "clock": ""},
        {"domain": "network", "state": "warn" if seed % 2 else "ok", "clock": ""},
        {"domain": "energy", "state": "unknown" if silent else "ok", "clock": "silent" if silent else ""},
    ]


def site_cells(seed, code, place, mw, verdict, owner):
    ready = mw if verdict == "ready" else 0
    bar = {
        "width": bar_width(ready, of=60),
        "outline": bar_width(mw, of=60),
        "label": f"{ready} of {mw} MW ready",
    }
    trend = [
        40 + seed * 3 + 9 * math.sin(week / 2 + seed) if week not in (9, 10) else None for week in range(24)
    ]
    return [
        ("", "cell_site.html", {"code": code, "place": place}),
        ("", "cell_verdict.html", verdict),
        (f"{mw:.1f}", "", mw),
        ("", "cell_ready.html", bar),
        ("", "web/pillar_marks.html", pillars(seed)),
        ("", "web/health_marks.html", health(seed)),
        ("", "cell_trend.html", spark_path(trend)),
        ("", "cell_owner.html", owner),
        (f"{seed + 1} min", "", seed),
    ]


def sites_table():
    columns = columns_of("site_columns")
    rows = [
        row(
            code.lower(),
            code,
            columns,
            site_cells(seed, code, place, mw, verdict, owner),
            url=f"/sites/{code.lower()}/",
        )
        for seed, (code, place, _, _, mw, verdict, owner) in enumerate(SAMPLES["sites"])
    ]
    evaluate = {
        "name": "evaluate",
        "label": "Evaluate",
        "icon": "refresh",
        "url": "/evaluate/",
        "danger": False,
    }
    return table(
        "sites",
        "All sites",
        ("site", "sites"),
        columns=columns,
        rows=rows,
        selectable=True,
        actions=[evaluate],
        chips=[{"label": "Readiness", "value": "Not ready", "remove_url": "/fleet/?x=1"}],
        filters=SAMPLES["site_filters"],
        choices=[
            {"key": column.key, "label": column.label, "visible": True, "locked": column.key == "site"}
            for column in columns
        ],
        page=SAMPLES["site_page"],
    )


def checks_table():
    columns = columns_of("check_columns")
    rows = [
        row(
            state,
            name,
            columns,
            [
                ("", "cell_state.html", state),
                (name, "", None),
                ("97.2 %", "", None),
                ("12 of 12 devices seen within 5 min", "", None),
                ("3 min", "", None),
            ],
        )
        for name, state in zip(SAMPLES["check_names"], STATES["check"], strict=True)
    ]
    nouns = ("check", "checks")
    return table(
        "checks", "Checks that decide readiness", nouns, search=None, columns=columns, rows=rows, exports=[]
    )


def shell():
    return {
        "guide": {"name": "pages", "title": "Finding your way through the pages"},
        **{name: SAMPLES[name] for name in ("nav", "time_range")},
        "entry": SAMPLES["nav"][0],
        "user": SampleUser(),
    }


def domain_card(domain):
    return {
        "domain": domain,
        "title": domain.title(),
        "url": "#main",
        "note": "24 of 24 sites reporting",
        "figures": SAMPLES["domain_figures"],
        "kind": "health",
        "segments": stacked(SAMPLES["domain_counts"]),
        "clock_note": "1 site silent" if domain == "energy" else "",
    }


def fleet():
    spark = spark_path([300 + 7 * week + 6 * math.sin(week) for week in range(53)], width=74, height=26)
    markers = [
        Marker(code, latitude, longitude, verdict, f"/sites/{code.lower()}/", mw, f"{mw} MW")
        for code, _, latitude, longitude, mw, verdict, _ in SAMPLES["sites"]
    ]
    return {
        **{name: SAMPLES[name] for name in ("gap_legend", "gap_views", "blockers", "attention")},
        "kpis": [kpi | {"spark": spark if "role" in kpi else ""} for kpi in SAMPLES["kpis"]],
        "domains": [domain_card(domain) for domain in ("compute", "network", "energy")],
        "map": world_map(markers),
        "table": sites_table(),
    }


def site():
    states = ["pass"] * 7 + ["waived"] * 2 + ["fail"] * 3
    return {
        **{name: SAMPLES[name] for name in ("breadcrumbs", "tabs", "facts", "snippet")},
        "range_views": [],
        "pillars": pillars(2),
        "checks": checks_table(),
        "history": [{"state": state, "title": state} for state in states],
    }


def states():
    region = {"label": "Region", "value": "EU", "remove_url": "/states/"}
    return {
        "kinds": [(kind, list(values)) for kind, values in STATES.items()],
        "figures": SAMPLES["figures"],
        "form": SampleForm({"name": "", "cadence_s": "0"}),
        "nothing": [],
        "no_match": table("none", "All sites", ("site", "sites"), rows=[], chips=[region]),
    }


def login():
    form = LoginForm({"username": "mira", "password": "x"})
    form.add_error(None, "Please enter a correct username and password.")
    return {"form": form, "next": "/sites/", "passwords": True}


def road():
    return {"road": road_samples.small()}


def road_of_many():
    return {"road": road_samples.thousand()}


def road_of_ready():
    return {"road": road_samples.all_ready()}


PAGES = {
    "/fleet/": ("fleet.html", fleet),
    "/sites/dfw-1/": ("site.html", site),
    "/states/": ("states.html", states),
    "/login/": ("registration/login.html", login),
    "/road/": ("road.html", road),
    "/road/many/": ("road.html", road_of_many),
    "/road/ready/": ("road.html", road_of_ready),
    "/missing/": ("errors/404.html", dict),
}
