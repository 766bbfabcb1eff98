"""Patterns and arithmetic that tell what statements of migrations do to the rows of tables."""
