"""A database of an earlier Muster, with a row of each kind, is brought up to date and loses nothing."""
