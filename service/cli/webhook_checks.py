"""What `flask doctor` says of webhooks."""

from service.cli.finding import Finding
from service.core.errors import Unavailable
from service.flows.webhook_deliveries import site_of
from service.store.migrations import require_current
from service.wiring import Masthead


def webhooks(service: Masthead) -> Finding:
    """Every webhook hears of what happens."""
    try:
        require_current(service.store.engine)
        known = [state.webhook for state in service.flows.webhooks.list()]
    except Unavailable:
        return Finding("webhooks", False, "cannot be read before database and migrations are right")
    troubles = [
        f"{hook.id} ({site_of(hook.url)}) is disabled after {hook.trouble or 'failing for a day'}: mend it, then"
        f" flask --app wsgi webhooks enable {hook.id}"
        for hook in known
        if hook.disabled and hook.disabled_by != "staff"
    ]
    troubles += [
        f"{hook.id} ({site_of(hook.url)}) has been failing since {hook.failing_since:%Y-%m-%d %H:%M} UTC:"
        f" {hook.trouble}"
        for hook in known
        if not hook.disabled and hook.failing_since
    ]
    if troubles:
        return Finding("webhooks", False, "; ".join(troubles))
    open_ones = sum(not hook.disabled for hook in known)
    return Finding("webhooks", True, f"{open_ones} open" if known else "none registered")
