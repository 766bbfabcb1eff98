"""A browser in words, from the header that it sends."""

# The first that the header contains counts: others pretend to be these.
_PROGRAMS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def browser_words(header: str) -> str:
    """Such as "Firefox on Linux"; the sender chooses the header, so it proves nothing."""
    program = next((name for part, name in _PROGRAMS if part in header), "")
    system = next((name for part, name in _SYSTEMS if part in header), "")
    return " on ".join(filter(None, [program or ("Browser" if system else ""), system])) or "Unknown program"
