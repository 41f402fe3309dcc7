"""Our scripts, each joined with what it imports: one request, and nothing to build.

A module imports by name from its own folder, `import { make } from "./elements.js";`, a line each, and no two modules
of one script may give a name twice; browsers refuse the whole otherwise.
"""

import re
from pathlib import Path

IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w-]+\.js)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export ", re.MULTILINE)
NOTE = re.compile(r"^[ \t]*/\*.*?\*/\n", re.MULTILINE | re.DOTALL)
MARGIN = re.compile(r"^(?:[ \t]*//.*\n|[ \t]+|\n)", re.MULTILINE)


def joined(folder: Path, name: str) -> str:
    """Return a module with all it imports, in the order it needs them."""
    parts: dict[str, str] = {}

    def add(one: str) -> None:
        text = (folder / one).read_text()
        for imported in IMPORT.findall(text):
            if imported not in parts:
                add(imported)
        parts[one] = IMPORT.sub("", text)

    add(name)
    return "".join(text if one == name else EXPORT.sub("", text) for one, text in parts.items())


def thinned(text: str) -> str:
    """Leave out comments that have lines of their own, and margins: they are for whoever reads the repository."""
    return MARGIN.sub("", NOTE.sub("", text))
