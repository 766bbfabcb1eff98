"""Findings between operations and planning, and joint reviews. Subjects are named by kind and key: no room above is
known."""
