"""Health of inventoried objects, on the lists of their kinds and on their own pages."""
