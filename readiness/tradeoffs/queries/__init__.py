"""Facts about sites at an instant, as values; hourly series.

`stored` reads what was entered, `measured` what telemetry and inventory know, `site_factors` puts both together.
"""

from readiness.tradeoffs.queries.site_factors import (
    factors_of,
    known_rates,
    region_names,
    site_names,
    sites_without_factors,
)
from readiness.tradeoffs.queries.stored import days_of, series_of
