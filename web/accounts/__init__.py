"""Pages and endpoints about who may sign in: signing in, one's own settings and tokens, users."""
