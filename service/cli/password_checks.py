"""What `flask doctor` looks at for new passwords."""

from service.adapters.breach.range_service import BreachListAway
from service.cli.finding import Finding
from service.wiring import Masthead


def passwords(service: Masthead) -> Finding:
    """The lists of known passwords that are asked, and whether the one elsewhere answers."""
    lists = service.blocklists
    used = ["the 30,000 most common"] if lists.bundled else []
    used += [str(known) for known in (lists.own, lists.elsewhere) if known is not None]
    try:
        if lists.elsewhere is not None:
            lists.elsewhere.check()
    except BreachListAway as error:
        return Finding(
            "passwords",
            False,
            f"{lists.elsewhere}: {error}. Nobody is kept from signing up, and breached passwords get through."
            " Check AUTH_PASSWORD_HIBP_URL and the way out",
        )
    return Finding("passwords", True, f"refused: {', '.join(used)}" if used else "no list is asked")
