"""Pages of ownership: the board, queues and owners, one assignment, proposing and reassigning, files."""
