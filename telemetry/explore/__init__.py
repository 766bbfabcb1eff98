"""Explore: any metric by site, domain, object or exporter, its chart, and two metrics compared.

`lines` answers one question; `params` reads the address of a page, `comparing` answers all it asks; `catalogue` is
the browser of metrics with `newest` values.
"""

from telemetry.explore.lines import (
    COLOURED,
    CodeEvent,
    ExploredLine,
    ExploredLines,
    HealthLimit,
    answer,
    codes_of,
    distinct_names,
    events_of,
)
