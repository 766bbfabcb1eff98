"""The pages of telemetry: ingest status, one source, the explorer."""
