"""The helpers in ``tests/support`` reach real programs: each is asked one question with a known answer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import psycopg
import pytest

from tests.support import services

DYING_PARENT = """
import os, signal
from tests.support.services import postgres_server
print(postgres_server().process.pid, postgres_server().folder, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.postgres
def test_postgres_answers_and_databases_come_and_go() -> None:
    server = services.postgres_server()
    name = f"smoke_{os.getpid()}"
    with server.database(name) as address:
        plain = address.replace("+psycopg", "")
        with psycopg.connect(plain) as connection:
            connection.execute("CREATE TABLE kept (word text)")
            connection.execute("INSERT INTO kept VALUES ('été')")
            order = connection.execute("SELECT 'é' < 'f' COLLATE \"fr-x-icu\"").fetchone()
        with (
            server.database(f"{name}_copy", template=name) as copy,
            psycopg.connect(copy.replace("+psycopg", "")) as other,
        ):
            copied = other.execute("SELECT word FROM kept").fetchone()
    assert order == (True,)
    assert copied == ("été",)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(plain)


@pytest.mark.postgres
def test_postgres_ends_with_a_killed_parent() -> None:
    if "TEST_DATABASE_URL" in os.environ:
        pytest.skip("the server given by TEST_DATABASE_URL is not ours to stop")
    done = subprocess.run([sys.executable, "-c", DYING_PARENT], capture_output=True, text=True)
    pid, folder = done.stdout.split()
    pid_file = Path(folder) / "data" / "postmaster.pid"
    deadline = time.monotonic() + 10
    while pid_file.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not pid_file.exists(), f"server {pid} outlived its parent"
    shutil.rmtree(folder)


def test_vnu_flags_bad_html_and_only_that(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.html", tmp_path / "bad.html"
    start = '<!doctype html>\n<html lang="fr"><head><meta charset="utf-8"><title>Essai</title></head>'
    good.write_text(f"{start}<body><p>Bonjour</p></body></html>\n", encoding="utf-8")
    bad.write_text(f"{start}<body><p><div></p></body></html>\n", encoding="utf-8")
    errors = [found for found in services.vnu([good, bad]) if found["type"] == "error"]
    assert errors
    assert all(found["url"].endswith("bad.html") for found in errors)


def test_the_wheel_holds_the_data_and_no_test_tool() -> None:
    with zipfile.ZipFile(services.built_wheel()) as wheel:
        names = wheel.namelist()
    assert any(name.startswith("aidants/_data/templates/") for name in names)
    assert any(name.startswith("aidants/_data/static/") for name in names)
    assert not [name for name in names if name.split("/")[0] in {"tests", "scripts", "bench", "node_modules"}]


def test_the_installed_wheel_does_not_see_the_checkout() -> None:
    served = services.ServedWheel()
    asked = "import aidants, sqlmodel; print(aidants.__file__)"
    done = subprocess.run([served.python, "-c", asked], capture_output=True, text=True, cwd=served.folder, check=True)
    assert done.stdout.startswith(str(served.folder))
