"""Pure: what an envelope is, where it contradicts itself, and how it is written as YAML."""
