"""Counting names: the attacker knows how often each is borne in France and holds the token table, without its key.

The names' shares are made up after INSEE's figures. Where few names are shared by many (an island, one valley), counting
tells more: with one surname borne by one resident in twenty it named one in six.
"""

# ruff: noqa: SIM905 - lists of names read better as text

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import cache
from itertools import accumulate

import pytest

from aidants.residents.identity import Identity, phonetic, tokens, words

COMMON = """Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefebvre Leroy Roux David
Bertrand Morel Fournier Girard Bonnet Dupont Lambert Fontaine Rousseau Vincent Muller Lefevre Faure Andre
Mercier Blanc Guerin Boyer Garnier Chevalier Francois Legrand Gauthier Garcia Perrin Robin Clement Morin
Nicolas Henry Roussel Mathieu Gautier Masson Marchand Duval Denis Dumont Marie Lemaire Noel Meyer Dufour
Meunier Brun Blanchard Giraud Joly Riviere Lucas Brunet Gaillard Barbier Arnaud Martinez Gerard Roche Renard
Schmitt Roy Leroux Colin Vidal Caron Picard Roger Fabre Aubert Lemoine Renaud Dumas Lacroix Olivier Philippe
Bourgeois Pierre Benoit Rey Leclerc Payet Rolland Leclercq""".split()
GIVEN = """Marie Jean Pierre Michel Andre Jeanne Philippe Louis Nathalie Isabelle Alain Jacques Monique Catherine
Francoise Bernard Jacqueline Sylvie Daniel Patrick Nicolas Christophe Laurent Martine Christine Christian
Madeleine Rene Claude Gerard Yvonne Paul Marcel Roger Suzanne Marguerite Robert Veronique Denise Sandrine
Stephane Julien Nicole Sophie Frederic David Thomas Brigitte Celine Annie""".split()
VOWELS = "a e i o u ai au ou oi".split()
RESIDENTS = 10_000


@cache
def sound_of(name: str) -> str:
    return phonetic(words(name)[0])


def tail(rng: random.Random, count: int) -> list[str]:
    """Make up the rarer surnames, of French-looking syllables."""
    heads = [
        first + vowel
        for first in "B C D F G H J L M N P R S T V Br Ch Cl Dr Fr Gr Gu Pl Pr Tr Qu".split()
        for vowel in VOWELS
    ]
    heads += "A E I O U Al Ar Au El Es Or".split()
    middles = "ba ber cha de di du fa fi ga gi la le li lan man mi mon na ne ni non ra re ri ro sa si ta te ti to va vi".split()
    ends = "r rd l n s t ud lle rt rin ron let net ton zac gne nd court dier sson".split()
    names: dict[str, None] = {}
    while len(names) < count:
        names[rng.choice(heads) + "".join(rng.choices(middles, k=rng.randrange(3))) + rng.choice(ends)] = None
    return list(names)


def frequencies(rng: random.Random) -> tuple[dict[str, float], dict[str, float]]:
    """Return shares of surnames (Martin 0.4 %, a hundred names a twelfth, a thousand a quarter: INSEE) and of given names."""
    surnames = list(dict.fromkeys([*COMMON, *tail(rng, 30_000)]))
    shares = {name: 1 / (rank + 20) ** 0.7 for rank, name in enumerate(surnames)}
    shares["Martin"] *= 2
    given = {name: 1 / (rank + 6) for rank, name in enumerate(GIVEN + tail(random.Random(7), 250))}
    return normalised(shares), normalised(given)


def normalised(weights: dict[str, float]) -> dict[str, float]:
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}


def drawn(rng: random.Random, shares: dict[str, float]) -> list[str]:
    return rng.choices(list(shares), cum_weights=list(accumulate(shares.values())), k=RESIDENTS)


def expected(shares: dict[str, float], given: dict[str, float]) -> tuple[dict[str, float], dict[str, float]]:
    """Return what the attacker expects: residents by phonetic code of the surname, and by three first letters."""
    sounds: dict[str, float] = defaultdict(float)
    prefixes: dict[str, float] = defaultdict(float)
    by_prefix: dict[str, float] = defaultdict(float)
    for name, share in shares.items():
        sounds[sound_of(name)] += share * RESIDENTS
        by_prefix[name[:3].lower()] += share
    for name, share in given.items():
        prefixes[name[:3].lower()] += share
    both = {key: by_prefix[key] + prefixes[key] - by_prefix[key] * prefixes[key] for key in {*by_prefix, *prefixes}}
    return sounds, {key: share * RESIDENTS for key, share in both.items()}


def attack(
    table: list[set[tuple[str, int]]], shares: dict[str, float], given: dict[str, float], *, joint: bool
) -> list[str]:
    """Name every resident: each phonetic token, the most frequent first, gets the surname whose counts fit best.

    ``joint``: the count of the prefix token that always comes with a phonetic token is used too.
    """
    counts = Counter(token for row in table for token in row)
    together: dict[int, Counter[int]] = defaultdict(Counter)
    for row in table:
        for kind, sound in row:
            if kind == "p":
                together[sound].update(value for other, value in row if other == "n")
    sounds, prefixes = expected(shares, given)
    best: dict[str, str] = {}
    for name in sorted(shares, key=lambda name: shares[name]):
        best[sound_of(name)] = name
    left = sorted(sounds, key=lambda sound: -sounds[sound])[:2500]
    named: dict[int, str] = {}
    for (_, sound), count in sorted(
        ((token, count) for token, count in counts.items() if token[0] == "p"), key=lambda pair: -pair[1]
    ):
        prefix_count = counts["n", together[sound].most_common(1)[0][0]]

        def distance(guess: str, count: int = count, prefix_count: int = prefix_count) -> float:
            wanted = prefixes[best[guess][:3].lower()]
            far = (count - sounds[guess]) ** 2 / (sounds[guess] + 1)
            return far + ((prefix_count - wanted) ** 2 / (wanted + 1) if joint else 0)

        if not left:
            break
        guess = min(left[:150], key=distance) if joint else left[0]
        left.remove(guess)
        named[sound] = best[guess]
    return [next((named.get(value, "") for kind, value in row if kind == "p"), "") for row in table]


@pytest.mark.parametrize("joint", [False, True], ids=["ranks", "ranks and prefixes"])
def test_counting_tokens_names_fewer_than_one_resident_in_twenty(
    joint: bool, record_property: Callable[..., None]
) -> None:
    rng = random.Random(20261124)
    shares, given = frequencies(rng)
    surnames, firsts = drawn(rng, shares), drawn(rng, given)
    key = rng.randbytes(32)
    table = [set(tokens(key, Identity(name, first))) for name, first in zip(surnames, firsts, strict=True)]
    guesses = attack(table, shares, given, joint=joint)
    right = sum(guess == name for guess, name in zip(guesses, surnames, strict=True))
    record_property("residents_named", right)
    print(f"counting names {right} of {RESIDENTS} residents")
    assert right < RESIDENTS // 20
    assert Counter(surnames).most_common(1)[0][0] == "Martin"
