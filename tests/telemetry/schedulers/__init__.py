"""Tests of the states of nodes that schedulers report."""
