"""The capability gap: its page, its chart, its endpoint, and which trainings would close it."""
