"""Pure parts of Explore: arithmetic of two metrics, and their translation to PromQL."""
