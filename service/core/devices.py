"""A browser in a reader's words: "Firefox on Windows".

Approximate on purpose: it reminds somebody of a device, nothing depends on it.
"""

from service.core.wording import sentence

# The first marker found wins; browsers claim to be each other, so the particular come before the general.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)
BOTH = sentence("%(browser)s on %(system)s")  # how `service.languages` says it in other languages
UNKNOWN = sentence("Unknown device")


def describe_device(agent: str) -> str:
    """Return browser and system of a User-Agent header as far as they are known."""
    browser = next((name for marker, name in BROWSERS if marker in agent), None)
    system = next((name for marker, name in SYSTEMS if marker in agent), None)
    return " on ".join(part for part in (browser, system) if part) or UNKNOWN
