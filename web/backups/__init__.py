"""Backups as administrators see them: which there are, how old, whether they are late. `stack/backups/` writes them."""
