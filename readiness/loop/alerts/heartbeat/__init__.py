"""The heartbeat of Muster: told each minute to somebody outside who notices its absence."""
