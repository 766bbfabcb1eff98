"""Rooms for what happens because something is so: problems are stored, and others follow them."""
