"""One metric of every accelerator of a site as a map: nodes across accelerators."""
