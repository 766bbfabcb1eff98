"""Documents that have versions: read by the annotations of dataclasses, found in files, compared. Pure."""
