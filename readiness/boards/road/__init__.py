"""The road to ready: which capacity becomes ready when, by whom, and what fixing some checks would change."""
