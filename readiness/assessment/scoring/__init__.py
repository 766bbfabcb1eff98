"""The engine: turns facts and evidence of sites into results, scores and verdicts. Boards show what it stores."""
