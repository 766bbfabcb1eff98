"""Why did it move: between any two days, for a site, a region or the fleet."""
