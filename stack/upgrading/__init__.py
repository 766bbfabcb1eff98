"""`make upgrade`: brings the data of an older PostgreSQL into a cluster of the one that Muster brings."""
