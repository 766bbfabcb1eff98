"""The site pack: everything that stands behind a site’s verdict in one document, for paper and as PDF."""
