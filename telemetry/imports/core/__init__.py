"""How a file of samples is written, and what its columns may hold. Pure."""
