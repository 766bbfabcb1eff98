"""Who is on call in a week, hour by hour, for every rotation."""
