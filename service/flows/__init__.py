"""What a person can do here: a file a story, none of which knows the web, the database or a vendor."""

from dataclasses import dataclass

from service.flows.accounts import Accounts
from service.flows.login import Login
from service.flows.mail_timeline import MailTimeline
from service.flows.notices import Notices
from service.flows.password_change import PasswordChange
from service.flows.password_reset import PasswordReset
from service.flows.sessions import Sessions
from service.flows.signup import Signup
from service.flows.suppressions import Suppressions


@dataclass(frozen=True)
class Flows:
    """All stories, assembled once by `service.wiring`."""

    signup: Signup
    login: Login
    sessions: Sessions
    password_reset: PasswordReset
    password_change: PasswordChange
    accounts: Accounts
    notices: Notices
    suppressions: Suppressions
    mail_timeline: MailTimeline
