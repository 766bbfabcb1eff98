"""States of nodes as schedulers tell them, contradictions with other senders, and GPU hours."""
