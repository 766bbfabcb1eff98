"""A remote storage keeps samples in place of blocks: Prometheus, VictoriaMetrics, Mimir or Thanos of the organisation.

Samples leave by remote write and come back by `/api/v1/query` with a range selector.
"""
