"""Pages and chart endpoints of verdicts, one module for each page."""
