"""The solver of portfolios: exact, relaxed and annealed. Pure."""
