"""Rules: what counts as a problem, how problems fold, and what ends one; pure."""
