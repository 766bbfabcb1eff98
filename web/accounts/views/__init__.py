"""Pages of accounts: signing in, settings and tokens, users."""
