"""What a thief of the whole database reads: no name, phone, birth date, e-mail or code; and what counting tells."""

from __future__ import annotations

import base64
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import accumulate
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from aidants import demo
from aidants.db import Database, Mode, unit_of_work
from aidants.residents.identity import Identity, phonetic, tokens, words
from aidants.residents.services import change_resident, create_resident, get_resident
from aidants.settings import Settings
from tests.security.tools import actor_of, prepare
from tests.support.client import Browser

MARKED = Identity(
    birth_name="Quéméneur-Zylberstein",
    given_names="Apolline Zénobie",
    usual_name="Vandewoestyne",
    birth_date="1943-08-17",
    birthplace="Wissembourg-sur-Cance",
    phone="06 39 98 71 23",
    email="apolline@zenobie.example",
)
CHANGED = Identity("Xanthopoulos", "Ildefonse", phone="07 00 55 13 37", birth_date="1944-09-18")


def needles() -> Iterator[str]:
    """Yield everything that must not be found, as typed and as programs would write it."""
    for who in (MARKED, CHANGED):
        for value in (*words(f"{who.birth_name} {who.usual_name} {who.given_names} {who.birthplace}"), who.email):
            if len(value) > 3:
                yield from (value, value.title(), value.upper(), base64.b64encode(value.encode()).decode().rstrip("="))
        yield from (who.birth_name, who.given_names, who.birth_date, who.birth_date.replace("-", ""), who.phone)
        yield "".join(filter(str.isdigit, who.phone))
    yield from ("17/08/1943", "18/09/1944", "Quéméneur", "Zénobie")


def dump(database: Database, folder: Path) -> bytes:
    """Return the raw files (SQLite) and every column of every row, as a backup would hold them."""
    with database.engine.connect() as connection:
        rows = [tuple(row) for table in SQLModel.metadata.sorted_tables for row in connection.execute(sa.select(table))]
    texts = [value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row]
    files = [path.read_bytes() for path in sorted(folder.glob("aidants.sqlite*"))]
    return b"\n".join(texts + files)


def test_nothing_of_a_resident_is_readable(
    browse: Callable[..., Browser], demo_database: Database, settings: Settings
) -> None:
    nadia = browse("nadia")
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        resident = create_resident(work, MARKED)
        other = create_resident(work, MARKED.__class__("Zzz", "Y"))
        assert change_resident(work, other, CHANGED, 1)
    for query in ("vandewoestyne", "06 39 98 71 23", "17/08/1943"):
        assert "Apolline" in nadia.post("/personnes/chercher", {"recherche": query}).text
    nadia.open(f"/personnes/{resident}")
    nadia.post(f"/personnes/{resident}/mandats")
    stolen = dump(demo_database, settings.data_dir)
    assert len(stolen) > 50_000
    found = [needle for needle in needles() if needle.encode() in stolen]
    assert found == []
    with unit_of_work(demo_database, Mode.READ) as work:
        work.actor = actor_of(work, "nadia")
        assert get_resident(work, resident).identity == MARKED


def test_no_code_session_or_secret_is_readable(
    browse: Callable[..., Browser], demo_database: Database, settings: Settings
) -> None:
    prepare(demo_database)
    nadia = browse("nadia")
    account = nadia.people["nadia"]
    secrets = [account.password, account.totp_secret, *(item["code"] for item in demo.codes(demo_database))]
    secrets += [value.rsplit(".", 1)[0] for value in nadia.http.cookies.values()]
    secrets += [(settings.keys_path / "master.key").read_text(encoding="ascii").strip()]
    stolen = dump(demo_database, settings.data_dir)
    master = base64.b64decode(secrets[-1])
    assert len(secrets) >= 8
    assert [secret for secret in secrets if secret.encode() in stolen] == []
    assert master not in stolen


@pytest.mark.parametrize("field", ["sealed", "wrapped_key"])
def test_a_sealed_row_moved_to_another_resident_does_not_open(demo_database: Database, field: str) -> None:
    from aidants.errors import Corrupted
    from aidants.residents.models import Resident

    places = prepare(demo_database)
    mine, theirs = places.residents["Aubert"], places.residents["Belkacem"]
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        setattr(
            work.session.get_one(Resident, mine), field, getattr(work.session.get_one(Resident, theirs), field)
        )
        work.session.flush()
        with pytest.raises(Corrupted):
            get_resident(work, mine)


# Counting: the attacker knows how often every name is borne in France, and holds the token table without its key.

COMMON = """Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefebvre Leroy Roux David
Bertrand Morel Fournier Girard Bonnet Dupont Lambert Fontaine Rousseau Vincent Muller Lefevre Faure Andre Mercier Blanc
Guerin Boyer Garnier Chevalier Francois Legrand Gauthier Garcia Perrin Robin Clement Morin Nicolas Henry Roussel Mathieu
Gautier Masson Marchand Duval Denis Dumont Marie Lemaire Noel Meyer Dufour Meunier Brun Blanchard Giraud Joly Riviere
Lucas Brunet Gaillard Barbier Arnaud Martinez Gerard Roche Renard Schmitt Roy Leroux Colin Vidal Caron Picard Roger Fabre
Aubert Lemoine Renaud Dumas Lacroix Olivier Philippe Bourgeois Pierre Benoit Rey Leclerc Payet Rolland Leclercq""".split()
GIVEN = """Marie Jean Pierre Michel Andre Jeanne Philippe Louis Nathalie Isabelle Alain Jacques Monique Catherine Francoise
Bernard Jacqueline Sylvie Daniel Patrick Nicolas Christophe Laurent Martine Christine Christian Madeleine Rene Claude Gerard
Yvonne Paul Marcel Roger Suzanne Marguerite Robert Veronique Denise Sandrine Stephane Julien Nicole Sophie Frederic David
Thomas Brigitte Celine Annie""".split()
RESIDENTS = 10_000


def tail(rng: random.Random, count: int) -> list[str]:
    """Make up the rarer surnames: French-looking syllables."""
    heads = "Bar Ber Bou Cha Che Col Cor Dau Del Des Du Fau Fer Gar Ger Gou Gui Ha Ju La Le Lo Mal Mar Mon Pa Per".split()
    heads += "Pou Qui Ra Ri Ro Sa Sau Se Ta Ter Tri Va Ver Vi Za".split()
    middles = "ba ber cha de di du fa fi ga gi la le li lan man mi mon na ne ni non ra re ri ro sa si ta te ti to va vi".split()
    ends = "ard aud eau el er et ier in on ot oux y ac ault an ez as at ert is".split()
    names: dict[str, None] = {}
    while len(names) < count:
        names[rng.choice(heads) + "".join(rng.choices(middles, k=rng.randrange(3))) + rng.choice(ends)] = None
    return list(names)


def frequencies(rng: random.Random) -> tuple[dict[str, float], dict[str, float]]:
    """Return shares of surnames (Martin 0.4 %, a thousand names about a quarter, as INSEE counts) and of given names."""
    surnames = COMMON + [name for name in tail(rng, 12_000) if name not in COMMON]
    shares = {name: 1 / (rank + 2.7) ** 0.86 for rank, name in enumerate(surnames)}
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
        sounds[phonetic(words(name)[0])] += share * RESIDENTS
        by_prefix[words(name)[0][:3]] += share
    for name, share in given.items():
        prefixes[words(name)[0][:3]] += share
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
        best[phonetic(words(name)[0])] = name
    left = sorted(sounds, key=lambda sound: -sounds[sound])[:2500]
    named: dict[int, str] = {}
    for (_, sound), count in sorted(
        ((token, count) for token, count in counts.items() if token[0] == "p"), key=lambda pair: -pair[1]
    ):
        prefix_count = counts["n", together[sound].most_common(1)[0][0]]

        def distance(guess: str, count: int = count, prefix_count: int = prefix_count) -> float:
            wanted = prefixes[words(best[guess])[0][:3]]
            far = (count - sounds[guess]) ** 2 / (sounds[guess] + 1)
            return far + ((prefix_count - wanted) ** 2 / (wanted + 1) if joint else 0)

        if not left:
            break
        guess = min(left[:400], key=distance) if joint else left[0]
        left.remove(guess)
        named[sound] = best[guess]
    return [next((named.get(value, "") for kind, value in row if kind == "p"), "") for row in table]


@pytest.mark.parametrize("joint", [False, True], ids=["ranks", "ranks and prefixes"])
def test_counting_tokens_names_fewer_than_one_resident_in_twenty(joint: bool, record_property: Callable[..., None]) -> None:
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
