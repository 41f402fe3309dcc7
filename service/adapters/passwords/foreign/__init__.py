"""Password hashes that other software made: verified here until their owners sign in, never made."""

from service.adapters.passwords.foreign import blowfish, django, drupal, firebase, phpass, werkzeug, wordpress
from service.adapters.passwords.foreign.scheme import ForeignScheme

SCHEMES: tuple[ForeignScheme, ...] = (
    wordpress.Portable(),
    wordpress.Prehashed(),
    phpass.Phpass(),
    blowfish.Bcrypt(),
    drupal.Drupal7(),
    django.Pbkdf2Sha256(),
    django.Argon2(),
    django.BcryptSha256(),
    werkzeug.Scrypt(),
    werkzeug.Pbkdf2(),
)


def open_foreign(*, firebase_signer_key: bytes | None = None) -> tuple[ForeignScheme, ...]:
    """Return every scheme; Firebase's needs the key of the project its hashes come from."""
    if firebase_signer_key is None:
        return SCHEMES
    return (*SCHEMES, firebase.FirebaseScrypt(firebase_signer_key))
