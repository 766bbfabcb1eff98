"""Tools for a release: list what ships (SBOM), check licences, look for known vulnerabilities. They import no app."""
