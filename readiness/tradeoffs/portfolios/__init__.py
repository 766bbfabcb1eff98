"""Place all workloads at once under shared capacity: requested, solved by a worker, shown as a front with moves."""
