"""The result of each run, fact and attestation, in the lists of evidence."""
