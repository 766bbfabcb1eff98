"""A remote storage keeps samples in place of blocks: Prometheus, VictoriaMetrics, Mimir or Thanos of the organisation.

Samples leave as Prometheus forwards its own, and come back by `/api/v1/query` with a range selector.
"""
