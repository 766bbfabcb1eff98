"""How the web process serves: bodies within bounds, threads by kind of work, and word of the database's absence."""
