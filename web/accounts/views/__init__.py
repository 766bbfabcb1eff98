"""Pages: signing in, one's own settings and tokens, users."""
