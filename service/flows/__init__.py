"""What a person can do here: a file a story, none of which knows the web, the database or a vendor."""

from dataclasses import dataclass

from service.flows.access import Access
from service.flows.accounts import Accounts
from service.flows.authorization import Authorization
from service.flows.captcha import Captchas
from service.flows.clients import Clients
from service.flows.directory import Directory
from service.flows.email_change import EmailChange
from service.flows.email_undo import EmailUndoing
from service.flows.erasure import Erasure
from service.flows.exports import Exports
from service.flows.grants import Grants
from service.flows.imports import Imports
from service.flows.linking import Linking
from service.flows.login import Login
from service.flows.login_link import LoginLink
from service.flows.mail_timeline import MailTimeline
from service.flows.not_me import NotMe
from service.flows.notices import Notices
from service.flows.passkeys import Passkeys
from service.flows.password_change import PasswordChange
from service.flows.password_reset import PasswordReset
from service.flows.profile import Profile
from service.flows.proof import Proof
from service.flows.provider_events import ProviderEvents
from service.flows.provider_logout import ProviderLogout
from service.flows.reauthentication import Reauthentication
from service.flows.second_factor import SecondFactor
from service.flows.second_step import SecondStepFlow
from service.flows.service_calls import ServiceCalls
from service.flows.sessions import Sessions
from service.flows.sign_out_all import SignOutAll
from service.flows.signing_keys import SigningKeys
from service.flows.signup import Signup
from service.flows.social import Social
from service.flows.staff_access import StaffAccess
from service.flows.staff_desk import StaffDesk
from service.flows.suppressions import Suppressions
from service.flows.webhook_deliveries import WebhookDeliveries
from service.flows.webhooks import Webhooks


@dataclass(frozen=True)
class Flows:
    """All stories, assembled once by `service.wiring`."""

    captchas: Captchas
    signup: Signup
    login: Login
    login_link: LoginLink
    sessions: Sessions
    reauthentication: Reauthentication
    second_step: SecondStepFlow
    second_factor: SecondFactor
    passkeys: Passkeys
    password_reset: PasswordReset
    password_change: PasswordChange
    email_change: EmailChange
    email_undo: EmailUndoing
    erasure: Erasure
    not_me: NotMe
    profile: Profile
    accounts: Accounts
    imports: Imports
    exports: Exports
    sign_out_all: SignOutAll
    notices: Notices
    social: Social
    proof: Proof
    linking: Linking
    provider_events: ProviderEvents
    suppressions: Suppressions
    mail_timeline: MailTimeline
    directory: Directory
    service_calls: ServiceCalls
    clients: Clients
    signing_keys: SigningKeys
    access: Access
    authorization: Authorization
    grants: Grants
    provider_logout: ProviderLogout
    webhooks: Webhooks
    webhook_deliveries: WebhookDeliveries
    staff_access: StaffAccess
    staff_desk: StaffDesk
