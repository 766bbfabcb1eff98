"""The worklist: who resolves which check at which site by when. It changes no verdict; only evidence does."""
