"""All workloads placed at once under shared capacity: asked for, solved by a worker, and read as a front with moves."""
