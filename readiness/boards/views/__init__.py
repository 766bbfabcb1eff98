"""Pages and chart endpoints of verdicts, one module a page."""
