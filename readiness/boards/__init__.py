"""Pages about fleet, sites, checks, matrix, gap, waivers and the rest, built on the rooms below."""
