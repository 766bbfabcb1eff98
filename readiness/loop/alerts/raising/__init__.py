"""Raising alerts: from stored problems and verdicts, and through `writing` by whoever else sees one."""
