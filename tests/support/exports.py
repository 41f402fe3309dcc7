"""Small exports as other systems write them, two readers each: Ada, who has a hash, and Zoë, who has none."""

import json

from tests.support.hashes import (
    FIREBASE_SALT,
    FOREIGN,
    firebase_digest,
)
from tests.support.people import PASSWORD

ADA, ZOE = "ada@example.org", "zoe@example.org"


def _csv(*rows: str) -> bytes:
    return "".join(f"{row}\r\n" for row in rows).encode()


def _lines(*records: dict) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def _drupal(langcode: str, password_hash: str) -> bytes:
    return (
        f"uid\tmail\tname\tpass\tcreated\tstatus\t{langcode}\n"
        f'1\t{ADA}\tAda "L." Lovelace\t{password_hash}\t1330865166\t1\tde\n'
        f"2\t{ZOE}\tZoë\tNULL\t0\t0\tund\n"
    ).encode()


def _django(first: dict, second: dict) -> bytes:
    return json.dumps(
        [
            {"model": "auth.user", "pk": key, "fields": fields}
            for key, fields in enumerate((first, second), 1)
        ],
        indent=1,
    ).encode()


_DJANGO_ADA = {
    "email": ADA,
    "first_name": "Ada",
    "last_name": "Lovelace",
    "username": "ada",
    "is_staff": True,
    "is_active": True,
    "date_joined": "2012-03-04T12:46:06.123Z",
    "password": FOREIGN["Django PBKDF2"],
    "groups": [],
    "user_permissions": [],
    "last_login": None,
    "is_superuser": True,
}
_DJANGO_ZOE = _DJANGO_ADA | {
    "email": ZOE,
    "first_name": "Zoë",
    "last_name": "",
    "is_active": False,
    "password": "!kXh3LpQ2",
}
_GHOST = {
    "db": [
        {
            "meta": {"exported_on": 1700000000000, "version": "5.87.1"},
            "data": {
                "posts": [{"id": "1", "title": "No reader", "email": "nobody@example.org"}],
                "users": [
                    {
                        "id": "1",
                        "name": "Ada Lovelace",
                        "slug": "ada",
                        "email": ADA,
                        "locale": "de",
                        "password": FOREIGN["Ghost"],
                        "status": "active",
                        "visibility": "public",
                        "created_at": "2012-03-04T12:46:06.000Z",
                    },
                    {
                        "id": "2",
                        "name": "Zoë",
                        "slug": "zoe",
                        "email": ZOE,
                        "locale": None,
                        "password": "",
                        "status": "inactive",
                        "created_at": "2012-03-04T12:46:06.000Z",
                    },
                ],
            },
        }
    ]
}
_FIREBASE = {
    "users": [
        {
            "localId": "kQ1",
            "email": ADA,
            "emailVerified": True,
            "displayName": "Ada Lovelace",
            "passwordHash": firebase_digest(PASSWORD),
            "salt": FIREBASE_SALT,
            "createdAt": "1330865166000",
            "lastSignedInAt": "1700000000000",
            "providerUserInfo": [],
        },
        {"localId": "kQ2", "email": ZOE, "emailVerified": False, "displayName": "Zoë", "disabled": True},
    ]
}

# name: (--from, the export)
EXPORTS: dict[str, tuple[str, bytes]] = {
    "our CSV": (
        "csv",
        b"\xef\xbb\xbf"
        + _csv(
            "Email,Name,LOCALE,roles,email_verified,password_hash,created_at,disabled",
            f'{ADA},"Ada Lovelace",de,"editor, author",true,"{FOREIGN["Django Argon2"]}",2012-03-04T12:46:06Z,',
            f'{ZOE},Zoë,,,,,,"yes"',
        ),
    ),
    "our JSON lines": (
        "jsonl",
        _lines(
            {
                "email": ADA,
                "name": "Ada Lovelace",
                "locale": "de",
                "roles": ["editor", "author"],
                "email_verified": True,
                "password_hash": FOREIGN["Werkzeug scrypt"],
                "created_at": "2012-03-04T13:46:06+01:00",
            },
            {"email": ZOE, "name": "Zoë", "disabled": True},
        ),
    ),
    "WordPress": (
        "wordpress",
        _csv(
            "user_email,display_name,user_registered,user_pass,roles",
            f"{ADA},Ada Lovelace,2012-03-04 12:46:06,{FOREIGN['WordPress before 6.8']},administrator",
            f"{ZOE},Zo&euml;,0000-00-00 00:00:00,,subscriber",
        ),
    ),
    "WordPress 6.8, mysql": (
        "wordpress",
        (
            "user_email\tdisplay_name\tuser_registered\tuser_pass\n"
            f"{ADA}\tAda Lovelace\t2012-03-04 12:46:06\t{FOREIGN['WordPress 6.8']}\n"
            f"{ZOE}\tZoë\t0000-00-00 00:00:00\t\n"
        ).encode(),
    ),
    "Ghost": ("ghost", json.dumps(_GHOST).encode()),
    "Drupal 7": ("drupal", _drupal("language", FOREIGN["Drupal 7"])),
    "Drupal 10": ("drupal", _drupal("langcode", FOREIGN["PHP"])),
    "Django": ("django", _django(_DJANGO_ADA, _DJANGO_ZOE)),
    "Django, bcrypt": (
        "django",
        _django(_DJANGO_ADA | {"password": FOREIGN["Django bcrypt"]}, _DJANGO_ZOE),
    ),
    "Django, CSV": (
        "django",
        _csv(
            "id,password,is_active,first_name,last_name,email,date_joined",
            f'1,"{FOREIGN["Django Argon2"]}",t,Ada,Lovelace,{ADA},2012-03-04 12:46:06.123+00',
            f"2,!kXh3LpQ2,f,Zoë,,{ZOE},2012-03-04 12:46:06+00",
        ),
    ),
    "Auth0": (
        "auth0",
        _lines(
            {
                "_id": {"$oid": "60425dc43519d90068f82973"},
                "email_verified": True,
                "email": ADA,
                "passwordHash": FOREIGN["Auth0"],
                "tenant": "magazine",
                "name": "Ada Lovelace",
                "created_at": "2012-03-04T12:46:06.000Z",
                "connection": "users",
            },
            {"user_id": "auth0|2", "email": ZOE, "email_verified": False, "name": ZOE, "blocked": True},
        ),
    ),
    "Firebase": ("firebase", json.dumps(_FIREBASE).encode()),
}
