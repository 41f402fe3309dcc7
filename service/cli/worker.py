"""`flask worker`: one delivery process. SIGTERM and Ctrl-C finish or release what it holds."""

import signal
import threading
from types import FrameType

import click

from service.cli.context import masthead


@click.command()
def worker() -> None:
    """Deliver letters until told to stop."""
    stop = threading.Event()

    def ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    masthead().worker.run(stop)
