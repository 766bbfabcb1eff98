"""Mapping rules: which objects the series of a source describe whose labels name none."""
