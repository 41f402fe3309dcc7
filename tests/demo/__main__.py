"""`make demo`: starts everything, says where to click, and ends it all with Ctrl-C."""

import os
import signal
import socket
import sys
import time
from types import FrameType

from tests.demo.world import World, open_world


def stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def show(world: World) -> None:
    """Say where to click."""
    places = {
        "The magazine": f"{world.url}/",
        "Members' article": f"{world.url}/members/the-last-keeper",
        "Comments": f"{world.comments_url}/on/the-last-keeper",
        "Newsletter": f"{world.newsletter_url}/",
        "Mailbox": f"{world.url}/dev/mailbox",
        "Account": f"{world.url}/account",
        "API": f"{world.url}/docs",
    }
    print("\nThe demo is running. Ctrl-C stops it, and nothing stays behind.")
    for name, url in places.items():
        print(f"  {name:<18} {url}")
    print(flush=True)


def taken(port: int) -> bool:
    """Whether somebody listens there already."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def main() -> int:
    """Run until Ctrl-C, or until somebody dies. Returns the exit status."""
    for end in (signal.SIGINT, signal.SIGTERM):  # a shell's background job is born deaf to the first
        signal.signal(end, stop)
    port = int(os.environ.get("PORT", "8000"))
    if taken(port):
        print(f"Port {port} is taken. Another one: PORT={port + 1000} make demo", file=sys.stderr)
        return 1
    print("Masthead, a magazine, comments and a newsletter are starting.", flush=True)
    try:
        with open_world(port) as world:
            show(world)
            while world.alive:
                time.sleep(0.5)
            print("One of the processes has ended, so the demo does, too.", file=sys.stderr)
            return 1
    except KeyboardInterrupt:
        return 0
    except RuntimeError as trouble:
        print(trouble, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
