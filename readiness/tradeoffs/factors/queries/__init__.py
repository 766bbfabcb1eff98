"""Facts about sites at an instant, and hourly series.

`stored` reads entered values and series; `site_factors` reads telemetry and inventory, and combines all.
"""

from readiness.tradeoffs.factors.queries.site_factors import (
    factors_of,
    region_names,
    site_names,
    sites_without_factors,
)
from readiness.tradeoffs.factors.queries.stored import days_of, known_rates, series_of
