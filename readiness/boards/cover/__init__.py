"""Coverage by shift: sites and domains against the days and nights ahead, and one shift with who could take it."""
