"""A core for each web process, where all its threads stay but those that hash.

Python lets one thread of a process run at a time. Where its threads sit on several cores, every hand-over wakes
another core while the rest crowd at the lock; on one core the next thread simply goes on, and quick requests are
answered up to four times as fast (docs/adr/0013-a-core-per-process.md).
"""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from random import randrange

WEB_CORE = "WEB_CORE"
"""The environment variable in which a web process is told its core."""


def allowed() -> Sequence[int]:
    """The cores this process may run on, in order; none where the system does not say."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else ()


def count() -> int:
    """How many cores this process may run on; all that there are where the system does not say."""
    return len(allowed()) or os.cpu_count() or 1


def of_processes(processes: int) -> Sequence[int]:
    """Choose a core for each of so many web processes: neighbours, from a random one on, as other servers choose too.

    None where the kernel is to place them: it was asked for with `CORE_PER_PROCESS=0`, there are fewer cores than
    processes, threads do not take turns, or the system cannot keep them.
    """
    found = allowed()
    if processes > len(found) or os.environ.get("CORE_PER_PROCESS") == "0" or not takes_turns():
        return ()
    first = randrange(len(found))  # noqa: S311  # spreads servers, hides nothing
    return [*found[first:], *found[:first]][:processes]


def takes_turns() -> bool:
    """Whether this Python lets one thread run at a time; a free-threaded one does not."""
    locked = getattr(sys, "_is_gil_enabled", None)
    return locked is None or bool(locked())


def keep() -> None:
    """Keep this thread, and all that it will start, to the core this process was given.

    If it was given one, and may still use it.
    """
    core = os.environ.get(WEB_CORE)
    with suppress(OSError):  # it may be taken from us this moment
        if core and int(core) in allowed():
            os.sched_setaffinity(0, {int(core)})
