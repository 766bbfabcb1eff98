"""Sensors that are stuck: found by the hours of their samples, ended by a sample that moves."""
