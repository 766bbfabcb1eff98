"""How the web process serves: bounded bodies, threads by kind of work, and clear answers without a database."""
