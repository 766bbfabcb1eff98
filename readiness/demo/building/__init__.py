"""One builder of fleets: rows that refer to each other, described before any is written, and written together.

The demo, the benchmarks and the tests build with it; it knows none of them.
"""

from readiness.demo.building.rows import Maker, write
from readiness.demo.building.sites import SiteRows
