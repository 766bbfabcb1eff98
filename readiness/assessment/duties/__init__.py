"""The register of legal duties of each site, by rule, with owners, dates and proof; certificates; figures of the EU's
energy report."""
