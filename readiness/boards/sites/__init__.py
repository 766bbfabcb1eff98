"""The list of sites, with score, health and capacity of each; other pages show its rows."""
