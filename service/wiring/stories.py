"""Every story with what it needs, and the letters that stories write."""

from collections.abc import Mapping
from email.utils import parseaddr

from config.kinds import MailUnknown
from config.settings import Settings
from service.adapters.one_time_codes import AppCodes
from service.adapters.passkeys import WebAuthn
from service.adapters.token_signer import Es256Signer
from service.core.ports import Prepare
from service.core.tokens import derive_key
from service.flows import (
    Flows,
    devices,
    email_change,
    email_undo,
    erasure,
    identities,
    login_link,
    notices,
    password_reset,
    proof,
    provider_events,
    signup,
    webhook_deliveries,
)
from service.flows.access import Access
from service.flows.accounts import Accounts
from service.flows.authorization import Authorization
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
from service.flows.recognition import Recognition
from service.flows.second_factor import SecondFactor
from service.flows.second_factor_check import SecondFactorCheck
from service.flows.second_step import SecondStepFlow
from service.flows.service_calls import ServiceCalls
from service.flows.sign_out_all import SignOutAll
from service.flows.signing_keys import SigningKeys
from service.flows.signup import Signup
from service.flows.social import Social
from service.flows.staff_access import StaffAccess
from service.flows.staff_desk import StaffDesk
from service.flows.suppressions import Suppressions
from service.flows.ways_in import WaysIn
from service.flows.webhook_deliveries import WebhookDeliveries
from service.flows.webhooks import Webhooks
from service.wiring.basics import secrets_of
from service.wiring.tools import Tools


def assemble_flows(settings: Settings, t: Tools) -> Flows:
    """Give every story what it needs."""
    signup, proof = _signup(settings, t), _proof(settings, t)
    recognition = Recognition(t.store, t.clock, t.sessions, t.vault, proof)
    codes = AppCodes(settings.site_name)
    check_code = SecondFactorCheck(t.store, t.clock, codes, t.vault, t.throttles)
    again = Reauthentication(t.clock, t.check_password, check_code)
    ways_in = WaysIn(t.labels)
    authenticators = WebAuthn(settings.public_url, settings.site_name)
    passkeys = Passkeys(t.store, t.clock, authenticators, t.throttles, again, t.sessions, ways_in)
    farewells = (identities.say_farewell,)
    signing_keys = SigningKeys(t.store, t.clock, t.vault, Es256Signer())
    clients = Clients(t.store, t.clock, t.throttles, plain_http=not settings.production)
    accounts = Accounts(t.store, t.clock, t.new_passwords, settings.reset_ttl)
    access = Access(t.store, t.clock, signing_keys, settings.public_url)
    directory, mail_timeline = Directory(t.store), MailTimeline(t.store, t.clock)
    return Flows(
        captchas=t.captchas,
        signup=signup,
        login=Login(t.store, t.passwords, t.captchas, t.check_password, t.sessions, signup),
        login_link=_login_link(settings, t),
        sessions=t.sessions,
        reauthentication=again,
        second_step=SecondStepFlow(t.store, t.clock, check_code, passkeys, t.sessions, t.return_urls),
        second_factor=SecondFactor(t.store, t.clock, codes, t.vault, check_code, again),
        passkeys=passkeys,
        password_reset=_password_reset(settings, t),
        password_change=PasswordChange(t.store, t.clock, t.new_passwords, again),
        email_change=EmailChange(
            t.store, t.clock, t.tokens, t.throttles, again, t.links, settings.email_change_ttl
        ),
        email_undo=EmailUndoing(t.store, t.clock, t.tokens, t.throttles, t.links),
        erasure=Erasure(t.store, t.clock, again, t.links, settings.deletion_grace, farewells),
        not_me=NotMe(t.store, t.clock, t.tokens, t.throttles, t.links, settings.reset_ttl),
        profile=Profile(t.store, t.clock),
        accounts=accounts,
        imports=Imports(t.store, t.clock, accounts),
        exports=Exports(t.store, t.clock),
        sign_out_all=SignOutAll(t.store, t.clock),
        notices=Notices(t.links, t.labels),
        social=Social(t.store, t.clock, t.providers, t.throttles, t.return_urls, t.vault, recognition),
        proof=proof,
        linking=Linking(t.store, t.clock, t.labels, ways_in),
        provider_events=ProviderEvents(t.store, t.clock, t.providers, staff_address(settings)),
        suppressions=Suppressions(t.store, t.clock),
        mail_timeline=mail_timeline,
        directory=directory,
        service_calls=_service_calls(settings, t),
        clients=clients,
        signing_keys=signing_keys,
        access=access,
        authorization=Authorization(t.store, t.clock, t.tokens),
        grants=Grants(t.store, t.clock, access),
        provider_logout=ProviderLogout(t.store, t.clock, signing_keys, clients, settings.public_url),
        webhooks=Webhooks(t.store, t.clock, t.vault, private=not settings.production),
        webhook_deliveries=WebhookDeliveries(t.store, t.clock, t.vault, staff_address(settings)),
        staff_access=StaffAccess(t.store, t.clock),
        staff_desk=StaffDesk(t.store, t.clock, directory, mail_timeline),
    )


def _signup(settings: Settings, t: Tools) -> Signup:
    return Signup(
        t.store,
        t.clock,
        t.tokens,
        t.new_passwords,
        t.throttles,
        t.captchas,
        t.sessions,
        t.links,
        t.return_urls,
        settings.signup_ttl,
    )


def _proof(settings: Settings, t: Tools) -> Proof:
    return Proof(
        t.store,
        t.clock,
        t.tokens,
        t.check_password,
        t.throttles,
        t.sessions,
        t.links,
        t.labels,
        settings.signup_ttl,
    )


def _service_calls(settings: Settings, t: Tools) -> ServiceCalls:
    keys = [derive_key(secret, "idempotency") for secret in secrets_of(settings)]
    return ServiceCalls(t.store, t.clock, t.throttles, keys)


def _login_link(settings: Settings, t: Tools) -> LoginLink:
    return LoginLink(
        t.store,
        t.clock,
        t.tokens,
        t.throttles,
        t.captchas,
        t.sessions,
        t.links,
        t.return_urls,
        settings.login_link_ttl,
        excluded_roles=frozenset(settings.reset_excluded_roles),
    )


def _password_reset(settings: Settings, t: Tools) -> PasswordReset:
    return PasswordReset(
        t.store,
        t.clock,
        t.tokens,
        t.new_passwords,
        t.throttles,
        t.captchas,
        t.links,
        t.return_urls,
        settings.reset_ttl,
        tell_unknown=settings.mail_unknown is MailUnknown.ONCE_A_DAY,
        excluded_roles=frozenset(settings.reset_excluded_roles),
        labels=t.labels,
    )


def staff_address(settings: Settings) -> str | None:
    """Where staff read mail, as far as the settings tell."""
    if settings.support_url.startswith("mailto:"):
        return settings.support_url.removeprefix("mailto:").partition("?")[0]
    return parseaddr(settings.mail_reply_to or "")[1] or None


def letter_book(flows: Flows) -> Mapping[str, Prepare]:
    """Which story writes which kind of letter. A new letter is one line here and one folder of templates."""
    return {
        signup.LETTER: flows.signup.letter,
        password_reset.LETTER: flows.password_reset.letter,
        notices.PASSWORD_CHANGED: flows.notices.password_changed,
        notices.PASSWORD_STOPPED: flows.notices.password_stopped,
        proof.LETTER: flows.proof.letter,
        notices.SECOND_FACTOR_CHANGED: flows.notices.second_factor_changed,
        notices.GRANT_ENDED: flows.notices.grant_ended,
        identities.LINKED: flows.notices.identity_changed,
        identities.UNLINKED: flows.notices.identity_changed,
        identities.JOINED: flows.notices.identity_changed,
        provider_events.STAFF_NOTICE: flows.notices.account_closed,
        login_link.LETTER: flows.login_link.letter,
        devices.LETTER: flows.not_me.letter,
        email_change.LETTER: flows.email_change.letter,
        email_undo.CHANGED: flows.email_undo.changed_letter,
        email_undo.RESTORED: flows.email_undo.restored_letter,
        erasure.SCHEDULED: flows.erasure.scheduled_letter,
        erasure.DONE: flows.erasure.done_letter,
        webhook_deliveries.STAFF_NOTICE: flows.webhook_deliveries.notice,
    }
