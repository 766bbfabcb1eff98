"""Growth of qualified people beside growth of capacity."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class QualifiedGrowth:
    pass
