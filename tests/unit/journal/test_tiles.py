"""Paths and bundles of tiles, as C2SP tlog-tiles writes them."""

from __future__ import annotations

import pytest

from aidants.journal.tiles import WIDTH, Tile, parse_path, path, read_bundle, tiles_of, write_bundle

GOLDEN = {
    "tile/0/000": Tile(0, 0, 256),
    "tile/0/000.p/1": Tile(0, 0, 1),
    "tile/1/999.p/255": Tile(1, 999, 255),
    "tile/0/x001/000": Tile(0, 1000, 256),
    "tile/0/x001/x234/067": Tile(0, 1234067, 256),
    "tile/0/x001/x234/067.p/12": Tile(0, 1234067, 12),
    "tile/63/x999/x999/999": Tile(63, 999_999_999, 256),
    "tile/entries/000.p/7": Tile(None, 0, 7),
    "tile/entries/x012/345": Tile(None, 12_345, 256),
}


@pytest.mark.parametrize(("text", "tile"), GOLDEN.items())
def test_paths(text: str, tile: Tile) -> None:
    assert path(tile) == text
    assert parse_path(text) == tile


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "/tile/0/000",
        "tile/0/000/",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/8/0/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001",
        "tile/0/x001/x002",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000.p/1/2",
        "tile/0/../000",
        "tile/0/000\n",
        "tile/0/٠٠٠",
        "tile/entries/000.p/300",
        "tile/records/000",
    ],
)
def test_no_other_form_is_a_path(text: str) -> None:
    with pytest.raises(ValueError, match="path"):
        parse_path(text)


def test_the_example_of_the_specification() -> None:
    found = list(tiles_of(70_000))
    level = {name: [tile for tile in found if tile.level == name] for name in (None, 0, 1, 2, 3)}
    assert [tile.width for tile in level[0]] == [256] * 273 + [112]
    assert [tile.width for tile in level[1]] == [256, 17]
    assert [tile.width for tile in level[2]] == [1]
    assert level[3] == []
    assert len(level[None]) == 274
    assert [tile for tile in tiles_of(256) if tile.level is not None] == [Tile(0, 0, WIDTH), Tile(1, 0, 1)]
    assert list(tiles_of(0)) == []


def test_only_what_changed_since() -> None:
    assert list(tiles_of(300, 300)) == []
    assert set(tiles_of(300, 299)) == {Tile(None, 1, 44), Tile(0, 1, 44)}
    assert set(tiles_of(512, 300)) == {Tile(None, 1, 256), Tile(0, 1, 256), Tile(1, 0, 2)}
    assert set(tiles_of(513, 512)) == {Tile(None, 2, 1), Tile(0, 2, 1)}
    assert set(tiles_of(300, 0)) == set(tiles_of(300))


def test_bundles() -> None:
    assert write_bundle([b"a", b"", b"bc"]) == b"\x00\x01a\x00\x00\x00\x02bc"
    entries = [b"", b"x" * 65_535, b"\x00\xff"]
    assert read_bundle(write_bundle(entries)) == entries
    assert read_bundle(b"") == []
    with pytest.raises(ValueError, match=r"65,535"):
        write_bundle([b"x" * 65_536])


@pytest.mark.parametrize("data", [b"\x00", b"\x00\x02a", b"\x00\x01ab", b"\xff\xff" + b"x" * 65_534])
def test_bundles_that_do_not_add_up(data: bytes) -> None:
    with pytest.raises(ValueError, match="middle"):
        read_bundle(data)
