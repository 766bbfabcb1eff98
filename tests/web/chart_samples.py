"""Figures as the product's chart endpoints answer them: roles instead of colours, instants in ms."""

import math

DAY_MS = 86_400_000
NOW_MS = 1_795_530_720_000  # 2026-11-24 14:32 UTC
WEEK = 7 * DAY_MS


def gap():
    weeks = [NOW_MS - (52 - week) * WEEK for week in range(53)]
    ready = [round(250 + 4.5 * week + 4 * math.sin(week / 2), 1) for week in range(53)]
    conditional = [round(value + 20 + week * 0.5, 1) for week, value in enumerate(ready)]
    deployed = [round(value + 30 + week * 1.6, 1) for week, value in enumerate(conditional)]
    line = {"type": "scatter", "mode": "lines", "x": weeks, "hovertemplate": "%{y:.1f} MW"}
    return {
        "data": [
            {
                **line,
                "name": "Ready",
                "y": ready,
                "fill": "tozeroy",
                "line": {"width": 2.5},
                "meta": {"role": "ready"},
            },
            {
                **line,
                "name": "Conditional",
                "y": conditional,
                "fill": "tonexty",
                "line": {"width": 1.5},
                "meta": {"role": "conditional"},
            },
            {
                **line,
                "name": "Not ready",
                "y": deployed,
                "fill": "tonexty",
                "line": {"width": 0},
                "meta": {"role": "gap"},
                "hoverinfo": "skip",
            },
            {**line, "name": "Deployed", "y": deployed, "line": {"width": 2.5}, "meta": {"role": "deployed"}},
        ],
        "layout": {
            "hovermode": "x unified",
            "margin": {"l": 46, "r": 16, "t": 10, "b": 28},
            "xaxis": {"type": "date", "showgrid": False, "tickformat": "%b\n%Y", "hoverformat": "%d %b %Y"},
            "yaxis": {"ticksuffix": " MW", "rangemode": "tozero", "nticks": 6},
            "annotations": [
                {
                    "x": weeks[47],
                    "y": deployed[47] - 25,
                    "text": f"{deployed[-1] - ready[-1]:.1f} MW",
                    "name": "gap boxed",
                    "font": {"weight": 700},
                }
            ],
        },
        "meta": {
            "finding": "Deployed capacity rose to 622 MW, ready capacity to 485 MW.",
            "narrow": {"xaxis": {"dtick": "M3"}},
        },
    }


def by_site():
    names = ["DFW-1", "DUB-1", "JHB-1", "GRU-1"]
    return {
        "data": [
            {"type": "bar", "name": "Ready", "x": names, "y": [0, 0, 0, 0], "meta": {"role": "ready"}},
            {"type": "bar", "name": "Not ready", "x": names, "y": [36, 34, 0, 13], "meta": {"role": "gap"}},
            {
                "type": "bar",
                "name": "Conditional",
                "x": names,
                "y": [0, 0, 32, 0],
                "meta": {"role": "conditional"},
            },
        ],
        "layout": {"barmode": "stack", "yaxis": {"ticksuffix": " MW"}},
        "meta": {"finding": "DFW-1 holds the largest gap."},
    }


def series(start_ms, end_ms, points):
    step = (end_ms - start_ms) / points
    times = [round(start_ms + index * step) for index in range(points)]

    def wave(low, high, phase):
        return [
            round(
                low
                + (high - low)
                * (0.5 + 0.5 * math.sin(t / DAY_MS * 2 * math.pi + phase) * (0.9 + 0.1 * math.sin(t / 4e6))),
                2,
            )
            for t in times
        ]

    utilisation, latency, power = wave(50, 90, 0), wave(6, 22, 1), wave(22, 34, 2)
    hole = slice(points // 3, points // 3 + points // 30)
    for values in (utilisation, latency, power):
        values[hole] = [None] * len(values[hole])
    line = {"type": "scatter", "mode": "lines", "x": times}
    return {
        "data": [
            {
                **line,
                "name": "GPU utilisation",
                "y": utilisation,
                "yaxis": "y",
                "meta": {"role": "compute"},
                "hovertemplate": "%{y:.0f} %",
            },
            {
                **line,
                "name": "p99.9 latency",
                "y": latency,
                "yaxis": "y2",
                "meta": {"role": "network"},
                "hovertemplate": "%{y:.1f} ms",
            },
            {
                **line,
                "name": "Power",
                "y": power,
                "yaxis": "y3",
                "meta": {"role": "energy"},
                "hovertemplate": "%{y:.1f} MW",
            },
        ],
        "layout": {
            "hovermode": "x unified",
            "hoversubplots": "axis",
            "margin": {"l": 48, "r": 16, "t": 22, "b": 26},
            "grid": {
                "rows": 3,
                "columns": 1,
                "subplots": [["xy"], ["xy2"], ["xy3"]],
                "roworder": "top to bottom",
                "ygap": 0.22,
            },
            "xaxis": {
                "type": "date",
                "showgrid": False,
                "showspikes": True,
                "hoverformat": "%a %d %b %H:%M",
                "anchor": "y3",
                "range": [start_ms, end_ms],
            },
            "yaxis": {"ticksuffix": " %", "nticks": 4},
            "yaxis2": {"ticksuffix": " ms", "nticks": 4},
            "yaxis3": {"ticksuffix": " MW", "nticks": 4},
            "shapes": [
                {
                    "type": "line",
                    "xref": "paper",
                    "x0": 0,
                    "x1": 1,
                    "yref": "y2",
                    "y0": 20,
                    "y1": 20,
                    "name": "limit",
                },
                {
                    "type": "rect",
                    "xref": "x",
                    "x0": NOW_MS - 2 * DAY_MS,
                    "x1": NOW_MS - 1.8 * DAY_MS,
                    "yref": "paper",
                    "y0": 0,
                    "y1": 1,
                    "name": "incident",
                },
            ],
            "annotations": [
                {
                    "xref": "paper",
                    "x": 1,
                    "xanchor": "right",
                    "yref": "y2",
                    "y": 20,
                    "yanchor": "bottom",
                    "text": "limit 20 ms",
                    "name": "limit",
                },
                {
                    "xref": "paper",
                    "x": 0,
                    "yref": "y domain",
                    "y": 1,
                    "yanchor": "bottom",
                    "xanchor": "left",
                    "text": "GPU utilisation",
                    "font": {"weight": 600},
                },
                {
                    "xref": "paper",
                    "x": 0,
                    "yref": "y2 domain",
                    "y": 1,
                    "yanchor": "bottom",
                    "xanchor": "left",
                    "text": "p99.9 fabric latency",
                    "font": {"weight": 600},
                },
                {
                    "xref": "paper",
                    "x": 0,
                    "yref": "y3 domain",
                    "y": 1,
                    "yanchor": "bottom",
                    "xanchor": "left",
                    "text": "Site power",
                    "font": {"weight": 600},
                },
            ],
        },
        "meta": {
            "finding": "Latency passed its limit of 20 ms.",
            "footer": f"{points} points of {round(step / 1000)} s",
            "foot_right": "last sample 14:31 UTC",
        },
    }


def nothing():
    return {"data": [], "layout": {}, "meta": {"empty": "No PUE yet: no source sends the site's total power"}}


def events(start, end):
    """A window that lasts a tenth of the time, and a run in its last third, as the endpoint of events answers."""
    span = end - start
    rows = [
        ("window", start + span // 5, start + 3 * span // 10, "Maintenance: Filters", ""),
        ("run", start + 7 * span // 10, None, "fio run, one node", "/fleet/"),
    ]
    return {
        "events": [
            {"number": number, "kind": kind, "start": begins, "end": ends, "text": text, "url": url}
            for number, (kind, begins, ends, text, url) in enumerate(rows, start=1)
        ],
        "note": "3 other events have no mark.",
    }
