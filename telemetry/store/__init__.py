"""Answers one structured query (`telemetry.core.spec`) about series, compiled to SQL."""

from telemetry.store.lines import SeriesPoints
from telemetry.store.postgres import run
