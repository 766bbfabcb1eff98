"""The site pack: one document, printable and as PDF, with everything behind a site's verdict."""
