"""How inventoried objects are: on the lists of their kinds and on their own pages."""
