"""Password hashes as other software makes them, cheap ones: of one password, or of any."""

import hmac
from base64 import b64encode
from hashlib import pbkdf2_hmac, scrypt, sha256, sha512

import argon2
import bcrypt
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from passlib.handlers import phpass
from passlib.utils.binary import h64
from werkzeug.security import generate_password_hash

from tests.support.people import PASSWORD

# the key of the example in Firebase's own description of its scrypt
FIREBASE_SIGNER_KEY = (
    "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="
)
FIREBASE_KEY = bytes.fromhex(
    "8f1b29afc2a2d1163271553ccf291b74b1a3150dcc705507d2e8a24ef0bca553"
    "17027db5d308cb366759273c5410229b9b442c126614483cd9be98de27d5a65c"
)
FIREBASE_SALT, FIREBASE_SEPARATOR = "42xEC+ixf3L2lw==", "Bw=="


def by_bcrypt(password: str) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()


def by_php(password: str) -> str:
    return by_bcrypt(password).replace("$2b$", "$2y$")


def by_phpass(password: str) -> str:
    return str(phpass.phpass.using(rounds=8).hash(password))


def by_wordpress(password: str) -> str:
    digest = b64encode(hmac.digest(b"wp-sha384", password.strip().encode(), "sha384"))
    return "$wp" + bcrypt.hashpw(digest, bcrypt.gensalt(4)).decode().replace("$2b$", "$2y$")


def by_drupal(password: str) -> str:
    setting, digest = "$S$5qwertyui", sha512(b"qwertyui" + password.encode()).digest()
    for _ in range(1 << 7):
        digest = sha512(digest + password.encode()).digest()
    return (setting + h64.encode_bytes(digest).decode())[:55]


def by_django_pbkdf2(password: str) -> str:
    digest = b64encode(pbkdf2_hmac("sha256", password.encode(), b"salt", 1000)).decode()
    return f"pbkdf2_sha256$1000$salt${digest}"


def by_django_argon2(password: str) -> str:
    return "argon2" + argon2.PasswordHasher(2, 512, 8).hash(password)


def by_django_bcrypt(password: str) -> str:
    return "bcrypt_sha256$" + by_bcrypt(sha256(password.encode()).hexdigest())


def firebase_digest(password: str) -> str:
    """What a Firebase export has as `passwordHash`; 64 times cheaper than the real ones."""
    key = scrypt(password.encode(), salt=b"\xe3lD\x0b\xe8\xb1\x7fr\xf6\x97\x07", n=1 << 8, r=8, p=1, dklen=32)
    return b64encode(
        Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor().update(FIREBASE_KEY)
    ).decode()


FOREIGN = {
    "WordPress before 6.8": by_phpass(PASSWORD),
    "phpBB": by_phpass(PASSWORD).replace("$P$", "$H$"),
    "WordPress 6.8": by_wordpress(PASSWORD),
    "PHP": by_php(PASSWORD),
    "Ghost": by_bcrypt(PASSWORD).replace("$2b$", "$2a$"),
    "Auth0": by_bcrypt(PASSWORD),
    "Drupal 7": by_drupal(PASSWORD),
    "Django PBKDF2": by_django_pbkdf2(PASSWORD),
    "Django Argon2": by_django_argon2(PASSWORD),
    "Django bcrypt": by_django_bcrypt(PASSWORD),
    "Werkzeug scrypt": generate_password_hash(PASSWORD, "scrypt:1024:8:1"),
    "Werkzeug PBKDF2": generate_password_hash(PASSWORD, "pbkdf2:sha256:1000"),
    "Firebase": f"$firebase-scrypt$ln=8,r=8${FIREBASE_SALT}${FIREBASE_SEPARATOR}${firebase_digest(PASSWORD)}",
}
