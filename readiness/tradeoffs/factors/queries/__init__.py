"""Facts about sites at an instant, and hourly series.

`stored` reads entered values, `measured` telemetry and inventory, and `site_factors` combines both.
"""

from readiness.tradeoffs.factors.queries.site_factors import (
    factors_of,
    known_rates,
    region_names,
    site_names,
    sites_without_factors,
)
from readiness.tradeoffs.factors.queries.stored import days_of, series_of
