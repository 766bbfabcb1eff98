"""The engine: facts and evidence of sites in, results, scores and verdicts out. What it stores is shown by boards."""
