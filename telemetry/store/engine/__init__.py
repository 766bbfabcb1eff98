"""An engine of the organisation that keeps samples in place of blocks: Prometheus, VictoriaMetrics, Mimir, Thanos.

Samples leave by remote write and come back by `/api/v1/query` with a range selector.
"""
