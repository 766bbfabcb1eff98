"""Which duties apply where, when they are due, and what a site's register comes to."""
