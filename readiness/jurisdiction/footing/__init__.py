"""Pages of what the data of workload classes stands on in law: origins, and bases on record."""
