"""What readers say about themselves: name, language, and whether they want the newsletter."""

from dataclasses import dataclass, replace

from service.core.errors import Unauthenticated
from service.core.ports import Clock, Store
from service.core.profile import accept_name, require_locale
from service.core.values import NewsletterConsent, User, Visit
from service.flows.sessions import SignedIn


@dataclass(frozen=True)
class ProfileForm:
    """The whole profile as it is to be. `newsletter_wording` is the sentence the reader says yes to, if any."""

    name: str | None
    locale: str | None
    newsletter_wording: str | None


@dataclass(frozen=True)
class Profile:
    """Change it."""

    store: Store
    clock: Clock

    def update(self, here: SignedIn, form: ProfileForm, visit: Visit) -> User:
        """Set name, language and consent; return the account.

        A consent given earlier stays as it was given. Raises `ValidationFailed` (`name_too_long`,
        `invalid_text`, `invalid_locale`).
        """
        name, locale = accept_name(form.name), require_locale(form.locale)
        before, now = here.user, self.clock()
        consent = before.newsletter
        if form.newsletter_wording is None:
            consent = None
        elif consent is None:
            consent = NewsletterConsent(now, visit.ip, form.newsletter_wording)
        after = replace(before, name=name, locale=locale, newsletter=consent)
        if after == before:
            return before
        with self.store.write() as uow:
            if not uow.users.set_profile(after, at=now):
                raise Unauthenticated
            fields = [what for what in ("name", "locale") if getattr(after, what) != getattr(before, what)]
            if fields:
                uow.audit.record("user.updated", at=now, user_id=before.id, visit=visit, fields=fields)
            if consent != before.newsletter:
                kind = "newsletter.subscribed" if consent else "newsletter.unsubscribed"
                uow.audit.record(kind, at=now, user_id=before.id, visit=visit)
        return after

    def everything(self, here: SignedIn) -> dict[str, object]:
        """Return all that is held on the reader, by kind, without what opens doors (GDPR, articles 15 and 20)."""
        with self.store.read() as uow:
            return uow.holdings.of(here.user)
