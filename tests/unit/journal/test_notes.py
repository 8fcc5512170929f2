"""Notes, checkpoints and proofs: vectors from outside, and everything that must be refused."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidants.journal.notes import Checkpoint, NoteError, Proof, Signer, Verifier, open_checkpoint, open_note, valid_name

#: The worked example of the Go package golang.org/x/mod/sumdb/note.
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
SIGNER = Signer("aidants.brivette.example/journal", bytes(range(32)))
VERIFIER = SIGNER.verifier()
OTHER = Signer("autre.example/journal", bytes(32))
ROOT = bytes(range(32))
CHECKPOINT = Checkpoint(SIGNER.name, 20_852_163, ROOT)


def test_a_vector_from_outside() -> None:
    verifier = Verifier.parse(VKEY)
    assert Signer("PeterNeumann", SEED).verifier() == verifier
    assert verifier.vkey() == VKEY
    assert Signer("PeterNeumann", SEED).sign(TEXT) == f"{TEXT}\n{LINE}"
    assert open_note(f"{TEXT}\n{LINE}", [verifier]) == TEXT


def test_another_key_id_from_outside() -> None:
    """The public checksum database of Go."""
    known = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert Verifier.parse(known).vkey() == known


def test_a_checkpoint_comes_back() -> None:
    note = SIGNER.sign(CHECKPOINT.text())
    assert note.splitlines()[:4] == [SIGNER.name, "20852163", base64.b64encode(ROOT).decode(), ""]
    assert note.splitlines()[4].startswith(f"— {SIGNER.name} ")
    assert open_checkpoint(note, VERIFIER) == CHECKPOINT


def test_signatures_of_strangers_are_passed_over() -> None:
    note = SIGNER.sign(CHECKPOINT.text())
    witness = OTHER.sign(CHECKPOINT.text()).splitlines()[-1]
    assert open_checkpoint(f"{note}{witness}\n", VERIFIER) == CHECKPOINT
    same_name = Signer(SIGNER.name, bytes(32)).sign(CHECKPOINT.text()).splitlines()[-1]
    assert open_checkpoint(f"{note}{same_name}\n", VERIFIER) == CHECKPOINT
    with pytest.raises(NoteError, match="known key"):
        open_checkpoint(OTHER.sign(CHECKPOINT.text()), VERIFIER)


def test_one_false_signature_of_a_known_key_spoils_the_note() -> None:
    note = SIGNER.sign(CHECKPOINT.text())
    raw = bytearray(base64.b64decode(note.splitlines()[-1].rsplit(" ", 1)[1]))
    raw[20] ^= 1
    false = f"— {SIGNER.name} {base64.b64encode(bytes(raw)).decode()}"
    with pytest.raises(NoteError, match="false"):
        open_note(f"{note}{false}\n", [VERIFIER])


@given(st.integers(0, 400), st.integers(1, 255))
def test_any_changed_byte_is_refused(at: int, change: int) -> None:
    data = bytearray(SIGNER.sign(CHECKPOINT.text()).encode())
    data[at % len(data)] ^= change
    with pytest.raises((NoteError, UnicodeDecodeError)):
        open_checkpoint(data.decode(), VERIFIER)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "un seul\n",
        f"{SIGNER.name}\n5\n",
        f"{SIGNER.name}\n05\n{base64.b64encode(ROOT).decode()}\n",
        f"{SIGNER.name}\n-1\n{base64.b64encode(ROOT).decode()}\n",
        f"{SIGNER.name}\n٥\n{base64.b64encode(ROOT).decode()}\n",
        f"{SIGNER.name}\n5\n{base64.b64encode(ROOT[:-1]).decode()}\n",
        f"{SIGNER.name}\n5\n{base64.b64encode(ROOT).decode()[:-1]}\n",
        f"{SIGNER.name}\n5\n!!!\n",
        f"autre.example/journal\n5\n{base64.b64encode(ROOT).decode()}\n",
        f"{SIGNER.name}\n\n5\n{base64.b64encode(ROOT).decode()}\n",
    ],
)
def test_a_signed_text_that_is_no_checkpoint_of_this_log(text: str) -> None:
    with pytest.raises(NoteError):
        open_checkpoint(SIGNER.sign(text), VERIFIER)


def test_extension_lines_are_allowed() -> None:
    assert open_checkpoint(SIGNER.sign(CHECKPOINT.text() + "plus tard\n"), VERIFIER) == CHECKPOINT


@pytest.mark.parametrize("text", ["sans fin de ligne", "un\x00nul\n", "une\ttabulation\n", "\ud800\n"])
def test_what_cannot_be_signed(text: str) -> None:
    with pytest.raises(NoteError):
        SIGNER.sign(text)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "nom",
        VKEY.replace("c74f20a3", "c74f20a4"),
        VKEY.replace("PeterNeumann", "Peter Neumann"),
        VKEY[:-4],
        VKEY + "A",
        VKEY.replace("+ARpc", "+Arpc"),
        "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "x" * 100_000,
    ],
)
def test_what_is_no_verifier_key(vkey: str) -> None:
    with pytest.raises(NoteError):
        Verifier.parse(vkey)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\u3000b", "a\nb", "a\x00b"])
def test_names_that_no_key_can_have(name: str) -> None:
    assert not valid_name(name)
    assert valid_name("aidants.brivette.example/journal")


def test_too_much_is_refused_without_reading_it() -> None:
    note = SIGNER.sign(CHECKPOINT.text())
    line = OTHER.sign(CHECKPOINT.text()).splitlines()[-1] + "\n"
    with pytest.raises(NoteError, match="too many"):
        open_note(note + line * 100, [VERIFIER])
    with pytest.raises(NoteError):
        open_note("x\n" * 40_000 + "\n" + note.splitlines()[-1] + "\n", [VERIFIER])


def test_a_proof_comes_back() -> None:
    proof = Proof(5, (ROOT, bytes(32)), SIGNER.sign(CHECKPOINT.text()))
    lines = proof.text().splitlines()
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 5"]
    assert lines[4] == ""
    assert Proof.parse(proof.text()) == proof
    more = Proof(5, proof.hashes, proof.checkpoint, b"a")
    assert more.text() == proof.text().replace("index", "extra YQ==\nindex", 1)
    assert Proof.parse(more.text()) == more
    alone = Proof(0, (), "x\n")
    assert alone.text() == "c2sp.org/tlog-proof@v1\nindex 0\n\nx\n"
    assert Proof.parse(alone.text()) == alone


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v1\n",
        "c2sp.org/tlog-proof@v2\nindex 0\n\nx\n",
        "c2sp.org/tlog-proof@v1\n\nx\n",
        "c2sp.org/tlog-proof@v1\nindex 01\n\nx\n",
        "c2sp.org/tlog-proof@v1\nindex x\n\nx\n",
        "c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\nx\n",
        "c2sp.org/tlog-proof@v1\nindex 1\n!!\n\nx\n",
        "c2sp.org/tlog-proof@v1\nAAAA\n\nx\n",
        "x" * 70_000,
    ],
)
def test_what_is_no_proof(text: str) -> None:
    with pytest.raises(NoteError):
        Proof.parse(text)
