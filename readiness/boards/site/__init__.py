"""The page of one site: verdict and reasons, live series, checks, people, inventory and changes."""
