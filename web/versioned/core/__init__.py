"""Versioned documents: parsed by dataclass annotations, read from files, compared. Pure."""
