"""The fifty users of the service: always the same, whatever the seed."""

from __future__ import annotations

from dataclasses import dataclass

FIRST = ("Ada", "Bela", "Carlo", "Dora", "Emil", "Fadi", "Greta", "Hiro", "Ines", "Jonas")
LAST = ("Abel", "Brandt", "Costa", "Duval", "Eriksen")
CITIES = ("Bergen", "Lyon", "Osaka", "Porto", "Quito", "Riga", "Turin")


@dataclass(frozen=True, kw_only=True)
class User:
    """One user; ids count from 1."""

    id: int
    name: str
    email: str
    city: str


def _make(number: int) -> User:
    first, last = FIRST[number % len(FIRST)], LAST[number // len(FIRST)]
    return User(
        id=number + 1,
        name=f"{first} {last}",
        email=f"{first}.{last}@example.com".lower(),
        city=CITIES[number % len(CITIES)],
    )


USERS = {user.id: user for user in map(_make, range(len(FIRST) * len(LAST)))}
