"""What people type: words, user names and passwords.

Passwords in configuration come from two sources, people and generators, and look different.
Both kinds are made here, so that a scanner that knows only one is seen to.
"""

from __future__ import annotations

import random

WORDS = (
    "orders billing ledger harbor falcon juniper meadow copper atlas beacon summit canyon cedar "
    "delta ember forest garnet hazel indigo jasper kestrel lagoon maple nimbus onyx pepper quartz "
    "raven saffron tundra umber velvet willow yarrow zephyr acme globex initech umbrella hooli "
    "inventory payments search profile gateway crm reports shipping catalog"
).split()

USERS = (
    "app admin root deploy billing svc_orders reporting postgres sa jenkins ci-bot maria jsmith "
    "backup replicator metrics web api etl grafana airflow django rails www-data readonly ops"
).split()

# The stems that people build on; none is a placeholder such as "password" itself.
STEMS = (
    "Sunflower Dragonfly Liverpool Mustang Snowball Pumpkin Thunder Barcelona Cheyenne Guinness "
    "Kawasaki Matilda Valencia Bluebird Winchester Tigger Florence Hannibal Montana Rosebud "
    "hunter monkey tiger silver london brooklyn arsenal butterfly midnight chocolate"
).split()

SYMBOLS = "!@#$%&*?"


def by_a_person(rng: random.Random) -> str:
    """Returns a password as a person makes it to please a policy."""
    stem, other = rng.choice(STEMS), rng.choice(STEMS)
    year, symbol = str(rng.randint(1975, 2026)), rng.choice(SYMBOLS)
    digits = str(rng.randint(10, 999))
    leet = stem.replace("e", "3").replace("o", "0").replace("i", "1")
    return rng.choice(
        [
            f"{stem}{year}{symbol}",
            f"{leet}{symbol}{digits}",
            f"{stem}{digits}{symbol}{symbol}",
            f"{stem.lower()}{other.capitalize()}{digits}",
            f"{rng.choice(WORDS).capitalize()}@{year}",
            f"{stem.lower()}-{other.lower()}-{rng.choice(WORDS)}-{digits}",
            f"{leet}_{rng.choice(WORDS)}_{digits}",
        ]
    )


def by_a_generator(rng: random.Random) -> str:
    """Returns a password as a password manager, openssl or a cloud console makes it."""
    alnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    alphabet, length = rng.choice(
        [
            (alnum, 16),
            (alnum, 24),
            (alnum, 32),
            (alnum + "-_", 20),
            (alnum + "!#%*+=?^_-", 18),
            ("0123456789abcdef", 32),
            (alnum + "+/", 44),
            ("abcdefghijklmnopqrstuvwxyz0123456789", 12),
        ]
    )
    return "".join(rng.choices(alphabet, k=length))


def password(rng: random.Random) -> str:
    """Returns a password, half of them made by people, safe in a URL."""
    made = by_a_person(rng) if rng.random() < 0.5 else by_a_generator(rng)
    return "".join(char if char not in "@/#?%:&+" else "-" for char in made)
