"""Sites as options, and the price of a move between them: placing, portfolios and decisions share these. Pure."""
