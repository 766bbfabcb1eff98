"""Before a person is erased: where free text names them, and what stays."""
