"""What the sample pages of tests/web/pages show: every part of the page kit with believable content.

The words and figures are samples for looking at parts; nothing of the product reads them.
"""

import math
from types import SimpleNamespace

from django import forms

from web.drawing import bar_width, spark_path, stacked
from web.states import STATES
from web.world_map import Marker, world_map

PILLARS = [
    ("Infrastructure readiness", "Infrastructure"),
    ("Continuity & orchestration", "Continuity"),
    ("Workforce & understanding", "Workforce"),
    ("Standards & ownership", "Standards"),
    ("Validation & feedback", "Validation"),
]
SITES = [
    ("DFW-1", "Dallas, US", 32.78, -96.8, 36.0, "not-ready", "Platform AMER"),
    ("DUB-1", "Dublin, IE", 53.35, -6.26, 34.0, "not-ready", "Platform EMEA"),
    ("JHB-1", "Johor Bahru, MY", 1.49, 103.74, 32.0, "conditional", "Platform APAC"),
    ("GRU-1", "São Paulo, BR", -23.55, -46.63, 13.0, "not-ready", ""),
    ("LUL-1", "Luleå, SE", 65.58, 22.15, 42.0, "ready", "Platform EMEA"),
    ("SYD-1", "Sydney, AU", -33.87, 151.21, 14.0, "ready", "Platform APAC"),
    ("NRT-2", "Tokyo, JP", 35.77, 140.39, 0.0, None, "Platform APAC"),
]
MINUTE_MS = 60_000
NOW_MS = 1_795_530_720_000  # 2026-11-24 14:32 UTC


def column(key, label, phone="pair", **more):
    base = {"key": key, "label": label, "hint": "", "unit": "", "numeric": False, "sort_url": "", "sort": "", "phone": phone}
    return SimpleNamespace(**base | more)


def cell(col, text="", template="", value=None, **more):
    base = {"url": "", "tone": "", "missing": False}
    return SimpleNamespace(column=col, text=text, template=template, value=value, **base | more)


def table(**more):
    base = {
        "id": "sites", "title": "All sites", "label": "Sites, scrolls sideways", "noun": ("site", "sites"),
        "url": "/fleet/", "hidden": [("sort", "mw")], "filter_values": [("verdict", "not-ready")],
        "search": SimpleNamespace(name="q", value="", placeholder="Quick search"),
        "filters": [], "chips": [], "clear_url": "/fleet/", "choices": [], "default_columns_url": "",
        "exports": [{"label": "CSV", "url": "/fleet/?export=csv"}], "page": None, "selectable": False, "actions": [],
        "empty": {"title": "No sites yet", "text": "", "action_url": "", "action_label": "", "icon": ""},
        "saved_views": [], "api_url": "", "columns": [], "rows": [],
    }  # fmt: skip
    return SimpleNamespace(**base | more)


def pillars(seed):
    scores = [max(12, min(96, 40 + (seed * 37 + index * 23) % 60)) for index in range(5)]
    states = ["pass" if score >= 80 else "warn" if score >= 60 else "fail" for score in scores]
    made = [
        SimpleNamespace(label=label, short=short, score=score, upper=min(100, score + 12), waived=0, url="#main", state=state)
        for (label, short), score, state in zip(PILLARS, scores, states, strict=True)
    ]
    made[3].waived = 2
    made[4].score = made[4].upper = None
    made[4].state = "unknown"
    return made


def sites_table():
    columns = [
        column("site", "Site", "title", sort="none", sort_url="?sort=site"),
        column("verdict", "Readiness", "status"),
        column("mw", "Deployed", numeric=True, unit="MW", sort="descending", sort_url="?sort=-mw"),
        column("ready", "Ready of deployed"),
        column("pillars", "Pillars"),
        column("health", "C · N · E", hint="Compute, network, energy health"),
        column("trend", "24 weeks", "hide"),
        column("owner", "Owner", "hide"),
        column("age", "Data age", "hide", numeric=True),
    ]
    rows = []
    for seed, (code, place, _, _, mw, verdict, owner) in enumerate(SITES):
        health = [
            {"domain": "compute", "state": "ok", "clock": ""},
            {"domain": "network", "state": "warn" if seed % 2 else "ok", "clock": ""},
            {"domain": "energy", "state": "unknown" if seed == 3 else "ok", "clock": "silent" if seed == 3 else ""},
        ]
        trend = [40 + seed * 3 + 9 * math.sin(week / 2 + seed) if week not in (9, 10) else None for week in range(24)]
        ready = mw if verdict == "ready" else 0
        bar = {"width": bar_width(ready, of=60), "outline": bar_width(mw, of=60), "label": f"{ready} of {mw} MW ready"}
        contents = [
            ("", "cell_site.html", {"code": code, "place": place}), ("", "cell_verdict.html", verdict),
            (f"{mw:.1f}", "", mw), ("", "cell_ready.html", bar), ("", "cell_pillars.html", pillars(seed)),
            ("", "cell_health.html", health), ("", "cell_trend.html", spark_path(trend)), ("", "cell_owner.html", owner),
            (f"{seed + 1} min", "", seed),
        ]  # fmt: skip
        cells = [cell(col, text, tpl, value) for col, (text, tpl, value) in zip(columns, contents, strict=True)]
        rows.append(SimpleNamespace(id=code.lower(), url=f"/sites/{code.lower()}/", name=code, selected=False, cells=cells))
    choice = [{"value": "ready", "label": "Ready", "selected": False, "count": 2}, {"value": "not-ready", "label": "Not ready", "selected": True, "count": 3}]
    return table(
        columns=columns, rows=rows, selectable=True,
        actions=[{"name": "evaluate", "label": "Evaluate", "icon": "refresh", "url": "/evaluate/", "danger": False}],
        chips=[{"label": "Readiness", "value": "Not ready", "remove_url": "/fleet/?x=1"}],
        filters=[
            {"name": "verdict", "label": "Readiness", "kind": "multi", "value": "", "choices": choice},
            {"name": "owner", "label": "Owner", "kind": "text", "value": "", "choices": []},
            {"name": "mw__gt", "label": "More MW than", "kind": "number", "value": "", "choices": []},
        ],
        choices=[{"key": col.key, "label": col.label, "visible": True, "locked": col.key == "site"} for col in columns],
        page={"start": 1, "end": 7, "total": 24, "number": 1, "pages": 4, "previous_url": "", "next_url": "/fleet/?page=2", "sizes": [{"size": 50, "url": "/fleet/", "current": True}]},
    )  # fmt: skip


def checks_table():
    columns = [
        column("state", "State", "status"), column("check", "Check", "title"), column("value", "Value", numeric=True),
        column("reason", "Why", "full"), column("age", "Age", numeric=True),
    ]  # fmt: skip
    named = ["Telemetry coverage", "Accelerator health", "Fabric health", "Power headroom", "Soak 24 h", "Runbooks", "Phase balance"]
    rows = []
    for name, state in zip(named, STATES["check"], strict=True):
        contents = [("", "cell_state.html", state), (name, "", None), ("97.2 %", "", None), ("12 of 12 devices seen within 5 min", "", None), ("3 min", "", None)]
        cells = [cell(col, text, tpl, value) for col, (text, tpl, value) in zip(columns, contents, strict=True)]
        rows.append(SimpleNamespace(id=state, url="#main", name=name, selected=False, cells=cells))
    return table(id="checks", title="Checks that decide readiness", label="Checks", noun=("check", "checks"), search=None, columns=columns, rows=rows, exports=[])


class SampleForm(forms.Form):
    name = forms.CharField(help_text="As the sender names it.")
    cadence_s = forms.IntegerField(label="Cadence", min_value=1, initial=60)
    provenance = forms.ChoiceField(choices=[("measured", "Measured"), ("estimated", "Estimated")])
    paused = forms.BooleanField(required=False)


def shell():
    nav = [
        {"label": "Overview", "url": "/fleet/", "icon": "layout-dashboard", "current": True, "count": None, "tone": "", "shortcut": "g f"},
        {"label": "Sites", "url": "/sites/", "icon": "building-factory-2", "current": False, "count": 24, "tone": ""},
        {"label": "Readiness", "url": "/states/", "icon": "grid-dots", "current": False, "count": None, "tone": "", "shortcut": "g m"},
        {"label": "Ingest", "url": "/telemetry/", "icon": "database-import", "current": False, "count": 1, "tone": "bad"},
    ]
    time_range = {
        "label": "Last 7 days", "zone": "Europe/Dublin", "start": "now-7d", "end": "now", "hidden": [("site", "dfw-1")],
        "start_ms": NOW_MS - 7 * 1440 * MINUTE_MS, "end_ms": NOW_MS, "local_start": "2026-11-17T14:32", "local_end": "2026-11-24T14:32",
        "presets": [{"label": "Last 24 hours", "url": "?start=now-24h&end=now", "current": False, "value": "now-24h"}, {"label": "Last 7 days", "url": "?start=now-7d&end=now", "current": True, "value": "now-7d"}],
    }  # fmt: skip
    user = SimpleNamespace(is_authenticated=True, get_full_name=lambda: "Mira Kovač", get_username=lambda: "mira", email="mira@example.org")
    return {"nav": nav, "time_range": time_range, "saved_views": [{"label": "EU core sites", "url": "/fleet/?view=1"}], "user": user}


def fleet():
    rising = [300 + 7 * week + 6 * math.sin(week) for week in range(53)]
    spark = spark_path(rising, width=74, height=26)
    figures = [
        {"label": "GPU utilisation", "value": "71", "unit": "%"}, {"label": "Down", "value": None, "unit": ""},
        {"label": "XID errors", "value": "14", "unit": "/day", "url": "#main"},
    ]  # fmt: skip
    counts = {"ok": 18, "warn": 3, "critical": 2, "unknown": 1}
    return {
        "kpis": [
            {"label": "Deployed capacity", "value": "640.3", "unit": "MW", "url": "#main", "note": "+37.7 MW in 4 weeks", "tone": "", "icon": "arrow-up", "spark": spark, "role": "deployed"},
            {"label": "Production-ready", "value": "486.5", "unit": "MW", "url": "#main", "note": "+8.8 MW in 4 weeks", "tone": "ok", "icon": "arrow-up", "spark": spark, "role": "ready"},
            {"label": "Readiness gap", "value": "153.8", "unit": "MW", "url": "#main", "note": "+28.9 MW widening", "tone": "bad", "icon": "arrow-up", "spark": spark, "role": "gap"},
            {"label": "Sites ready", "value": "14", "unit": "of 24", "url": "#main", "note": "2 sites without an owner", "tone": "", "icon": "users-group"},
            {"label": "Data freshness", "value": "22", "unit": "of 24", "url": "#main", "note": "2 sources silent", "tone": "warn", "icon": "clock"},
        ],
        "gap_legend": [
            {"label": "Deployed", "role": "deployed", "shape": "line"}, {"label": "Ready", "role": "ready", "shape": "line"},
            {"label": "Conditional", "role": "conditional", "shape": "area"}, {"label": "Not ready", "role": "gap", "shape": "hatch"},
        ],
        "gap_views": [
            {"label": "Trend", "url": "/fleet/?view=trend", "chart_url": "/charts/gap.json", "current": True},
            {"label": "By site", "url": "/fleet/?view=site", "chart_url": "/charts/by-site.json", "current": False},
        ],
        "blockers": [
            {"label": "Standards & ownership", "url": "#main", "value": "96.9", "unit": "MW", "width": 100, "note": "first blocker at 9 sites", "role": "gap"},
            {"label": "Validation & feedback", "url": "#main", "value": "34.4", "unit": "MW", "width": 35.5, "note": "first blocker at 3 sites", "role": "gap"},
            {"label": "Infrastructure readiness", "url": "#main", "value": "5.3", "unit": "MW", "width": 5.5, "note": "first blocker at 1 site", "role": "gap"},
        ],
        "domains": [
            {"domain": domain, "title": domain.title(), "url": "#main", "note": "24 of 24 sites reporting", "figures": figures, "kind": "health", "segments": stacked(counts), "clock_note": "1 site silent" if domain == "energy" else ""}
            for domain in ("compute", "network", "energy")
        ],
        "map": world_map(Marker(code, lat, lon, verdict, f"/sites/{code.lower()}/", mw, f"{mw} MW") for code, _, lat, lon, mw, verdict, _ in SITES),
        "attention": [
            {"id": 1, "kind": "check", "state": "fail", "title": "DFW-1 fabric has flapping links", "url": "#main", "detail": "12 link flaps in 24 h · limit 1", "value": "25.2", "unit": "MW"},
            {"id": 2, "kind": "check", "state": "warn", "title": "JHB-1 feed A above headroom", "url": "#main", "detail": "87 % of the breaker", "value": "11.2", "unit": "MW"},
            {"id": 3, "kind": "health", "state": "unknown", "clock": "silent", "title": "SCL-1 is silent", "url": "#main", "detail": "Last sample 12:58 UTC, 94 min ago", "value": None, "unit": ""},
        ],
        "table": sites_table(),
    }  # fmt: skip


def site():
    states = ["pass"] * 7 + ["waived"] * 2 + ["fail"] * 3
    return {
        "breadcrumbs": [{"label": "Fleet", "url": "/fleet/"}, {"label": "US-Central", "url": "/fleet/?region=us-central"}, {"label": "DFW-1", "url": ""}],
        "tabs": [{"label": "Overview", "url": "#main", "current": True, "count": None}, {"label": "Checks", "url": "#main", "current": False, "count": 48}],
        "range_views": [], "pillars": pillars(2), "checks": checks_table(), "history": [{"state": state, "title": state} for state in states],
        "facts": [
            {"term": "Rule", "value": "At least 6 roles covered, 14 days ahead"}, {"term": "State", "kind": "check", "state": "fail", "value": "", "clock": "late"},
            {"term": "Measured", "value": "2", "unit": "of 6 roles", "provenance": "declared", "source": "roster", "age": "40 min", "clock": ""},
            {"term": "Owner", "value": "Aoife Byrne", "url": "#main"}, {"term": "Valid until", "value": None},
        ],
        "snippet": "remote_write:\n  - url: http://127.0.0.1:8000/api/v1/write\n    authorization:\n      credentials: <token>",
    }  # fmt: skip


def states():
    return {
        "kinds": [(kind, list(values)) for kind, values in STATES.items()],
        "figures": [
            {"value": "1.21", "unit": "PUE", "provenance": "measured", "source": "meter A", "age": "4 min", "clock": "", "hero": True},
            {"value": "84", "unit": "MW", "provenance": "simulated", "source": "demo", "age": "94 min", "clock": "silent", "hero": False},
            {"value": None, "unit": "ms", "provenance": "estimated", "source": "", "age": "", "clock": "", "hero": False},
        ],
        "form": SampleForm({"name": "", "cadence_s": "0"}), "nothing": [], "no_match": table(rows=[], chips=[{"label": "Region", "value": "EU", "remove_url": "/states/"}]),
    }  # fmt: skip


PAGES = {"/fleet/": ("fleet.html", fleet), "/sites/dfw-1/": ("site.html", site), "/states/": ("states.html", states)}
