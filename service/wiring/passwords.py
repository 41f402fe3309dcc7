"""What new passwords are held against, and what verifies those there are, as the settings say."""

from base64 import b64decode
from dataclasses import dataclass

from config.kinds import BreachCheck
from config.settings import Settings
from service.adapters.breach import open_blocklist
from service.adapters.breach.password_file import PasswordFile
from service.adapters.breach.range_folder import RangeFolder
from service.adapters.breach.range_service import RangeService
from service.adapters.passwords.argon2id import Argon2id
from service.adapters.passwords.foreign import open_foreign
from service.adapters.passwords.schemes import Schemes
from service.core.passwords import CommonPasswords, PasswordPolicy
from service.core.ports import BreachList, Passwords
from service.flows.new_passwords import NewPasswords


@dataclass(frozen=True)
class Blocklists:
    """The lists of known passwords that are in use."""

    bundled: CommonPasswords | None
    own: PasswordFile | RangeFolder | None
    elsewhere: RangeService | None

    @property
    def at_hand(self) -> tuple[BreachList, ...]:
        return tuple(known for known in (self.bundled, self.own) if known is not None)


def open_blocklists(settings: Settings) -> Blocklists:
    """Open them. Raises `ValueError` naming the setting of one that cannot be used."""
    check, path = settings.password_breach_check, settings.password_blocklist
    try:
        own = open_blocklist(path) if path else None
    except ValueError as error:
        raise ValueError(f"AUTH_PASSWORD_BLOCKLIST: {error}") from error
    return Blocklists(
        None if check is BreachCheck.OFF else CommonPasswords(),
        own,
        RangeService(settings.password_hibp_url) if check is BreachCheck.HIBP else None,
    )


def new_passwords(settings: Settings, passwords: Passwords, lists: Blocklists) -> NewPasswords:
    """Say what a password has to be, and how it is hashed."""
    policy = PasswordPolicy(
        min_length=settings.password_min_length,
        min_strength=settings.password_min_strength,
        lists=lists.at_hand,
        site_words=(settings.site_name,),
    )
    return NewPasswords(policy, passwords, lists.elsewhere)


def schemes(settings: Settings) -> Schemes:
    """Hash with Argon2id, and verify what other software hashed."""
    today = Argon2id(settings.argon2_time_cost, settings.argon2_memory_kib, settings.argon2_parallelism)
    key = settings.firebase_signer_key
    return Schemes(
        today, open_foreign(firebase_signer_key=b64decode(key.get_secret_value()) if key else None)
    )
