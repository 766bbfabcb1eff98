"""Pages and endpoints of accounts: signing in, settings and tokens, users."""
