"""An exception as a log may have it: class and places. Messages and values can quote addresses and tokens."""

import traceback
from pathlib import Path

FRAMES = 5


def described(error: Exception) -> dict[str, str]:
    """Return fields for a log record, the innermost place last."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    places = (f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
    return {"error": type(error).__name__, "trace": " > ".join(places)}
