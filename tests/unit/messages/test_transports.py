"""Transports against real servers: SMTP and an SMS gateway in processes of their own, and folders."""

from __future__ import annotations

import resource
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from aidants import clock
from aidants.messages import folder, gateway, smtp
from aidants.messages.transports import Outgoing, Transport, Undelivered
from tests.support.outbox import mail_server, received, sms_gateway, texts
from tests.support.postgres import free_port

MESSAGE = Outgoing(
    "abcdefghij", "claire@exemple.fr", "Réunion à 9 h", "Bonjour,\n.\n..é\n", "fr", "Tue, 24 Nov 2026 10:00:00 +0100"
)
SHORT = Outgoing("abcdefghij", "+33612345678", "", "Rendez-vous & œuf ? à 50 % #1 {to}\n", "fr", MESSAGE.date)
SENDER = "aidants@exemple.fr"


def refused(transport: Transport, message: Outgoing) -> tuple[str, bool, bool]:
    with pytest.raises(Undelivered) as raised:
        transport(message)
    return raised.value.code, raised.value.final, raised.value.down


def test_smtp_sends_the_letter_whole(tmp_path: Path) -> None:
    with mail_server(tmp_path / "mail") as server:
        receipt = smtp.mail(f"smtp://127.0.0.1:{server.port}", SENDER)(MESSAGE)
        assert receipt == "2.0.0 Ok: queued as Q0000"
    (letter,) = received(tmp_path / "mail")
    assert (letter["Subject"], letter["To"], letter["Message-ID"]) == (
        MESSAGE.subject,
        MESSAGE.to,
        "<abcdefghij@exemple.fr>",
    )
    assert letter.get_content().replace("\r\n", "\n") == MESSAGE.text
    assert letter["X-Rcpt"].casefold() == "rcpt to:<claire@exemple.fr>"


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("451", ("put_off", False, False)),
        ("550", ("message_refused", True, False)),
        ("554", ("message_refused", True, False)),
        ("kill", ("no_answer", False, True)),
        ("hang", ("too_slow", False, True)),
        ("drip", ("too_slow", False, True)),
    ],
)
def test_smtp_says_what_went_wrong(tmp_path: Path, mode: str, said: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "_SILENCE", 1.0)
    monkeypatch.setattr(smtp, "_WHOLE", 2.0)
    with mail_server(tmp_path / "mail", SMTP_MODE=mode) as server:
        start = time.monotonic()
        assert refused(smtp.mail(f"smtp://127.0.0.1:{server.port}", SENDER), MESSAGE) == said
        assert time.monotonic() - start < 4


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("smtp://127.0.0.1:{port}", "no_answer"),
        ("smtp://nulle-part.invalid:25", "unknown_host"),
    ],
)
def test_smtp_without_server(url: str, code: str) -> None:
    assert refused(smtp.mail(url.format(port=free_port()), SENDER), MESSAGE) == (code, False, True)


def test_smtp_gives_no_password_in_clear_to_another_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "_LOCAL", set())
    with mail_server(tmp_path / "mail") as server:
        url = f"smtp://aidants:s%40cret@127.0.0.1:{server.port}"
        assert refused(smtp.mail(url, SENDER), MESSAGE) == ("login_in_clear", False, True)
    assert received(tmp_path / "mail") == []


def test_smtp_header_injection_reaches_no_server() -> None:
    evil = Outgoing("abc", MESSAGE.to, "a\r\nBcc: x@y.fr", "x", "fr", MESSAGE.date)
    assert refused(smtp.mail(f"smtp://127.0.0.1:{free_port()}", SENDER), evil) == ("message_refused", True, False)


def test_smtp_over_tls_wants_a_good_certificate(tmp_path: Path) -> None:
    with mail_server(tmp_path / "mail") as server:  # speaks no TLS at all
        assert refused(smtp.mail(f"smtps://127.0.0.1:{server.port}", SENDER), MESSAGE) == ("tls_failed", False, True)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of our own for 127.0.0.1, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example")])
    now = clock.now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + made.public_bytes(Encoding.PEM)
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(pem)
    return path


@pytest.mark.parametrize(("scheme", "tls"), [("smtp", ""), ("smtps", "1")])
def test_smtp_over_tls_with_a_login(
    tmp_path: Path, certificate: Path, scheme: str, tls: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "_LOCAL", set())  # as if it were another machine: the password needs TLS
    env = {"SMTP_CERT": str(certificate), "SMTP_LOGIN": "moi:s@cret", "SMTP_TLS": tls}
    with mail_server(tmp_path / "mail", **env) as server:
        good = f"{scheme}://moi:s%40cret@127.0.0.1:{server.port}"
        assert refused(smtp.mail(good, SENDER), MESSAGE) == ("tls_failed", False, True), "nobody vouches for it"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert smtp.mail(good, SENDER)(MESSAGE) == "2.0.0 Ok: queued as Q0000"
        assert refused(smtp.mail(good.replace("s%40", "x"), SENDER), MESSAGE) == ("login_refused", False, True)
        assert refused(smtp.mail(good.replace("127.0.0.1", "localhost"), SENDER), MESSAGE)[0] == "tls_failed"
    assert len(received(tmp_path / "mail")) == 1


def test_folder_holds_whole_files(tmp_path: Path) -> None:
    send = folder.mail(f"file://{tmp_path}/sortie%20des%20courriers", SENDER)
    assert send(MESSAGE) == send(MESSAGE) == "abcdefghij.eml"
    (letter,) = received(tmp_path / "sortie des courriers")
    assert letter.get_content().replace("\r\n", "\n") == MESSAGE.text
    assert folder.sms(f"file://{tmp_path}/sms")(SHORT) == "abcdefghij.txt"
    assert (tmp_path / "sms" / "abcdefghij.txt").read_text() == f"{SHORT.to}\n\n{SHORT.text}\n"


@contextmanager
def no_room(size: int) -> Iterator[None]:
    """Let this process write no file longer than ``size`` bytes: the kernel then answers as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_leaves_no_half_file(tmp_path: Path) -> None:
    send = folder.mail(f"file://{tmp_path}/mail", SENDER)
    with no_room(100):
        assert refused(send, MESSAGE) == ("no_room", False, True)
    assert list((tmp_path / "mail").iterdir()) == []
    assert send(MESSAGE) == "abcdefghij.eml"


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("")
    assert refused(folder.mail(f"file://{tmp_path}/mail", SENDER), MESSAGE) == ("folder_failed", False, True)
    assert [path.name for path in tmp_path.iterdir()] == ["mail"]


@pytest.mark.parametrize(("scheme", "method"), [("http", "GET"), ("post+http", "POST")])
def test_gateway_gets_text_and_number_as_they_are(tmp_path: Path, scheme: str, method: str) -> None:
    with sms_gateway(tmp_path / "sms") as server:
        url = f"{scheme}://moi:s%3Acret@127.0.0.1:{server.port}/envoi?key=K&to={{to}}&text={{text}}&id={{id}}"
        assert gateway.sms(url)(SHORT) == "id-77"
    (said,) = texts(tmp_path / "sms")
    assert said == {
        "method": method,
        "login": "Basic bW9pOnM6Y3JldA==",
        "key": "K",
        "to": SHORT.to,
        "text": SHORT.text,
        "id": SHORT.id,
    }


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("400", ("message_refused", True, False)),
        ("401", ("gateway_failed", False, False)),
        ("429", ("gateway_failed", False, False)),
        ("500", ("gateway_failed", False, False)),
        ("redirect", ("gateway_failed", False, False)),
        ("hang", ("too_slow", False, True)),
    ],
)
def test_gateway_says_what_went_wrong(tmp_path: Path, mode: str, said: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "_WHOLE", 1.0)
    with sms_gateway(tmp_path / "sms", SMS_MODE=mode) as server:
        assert refused(gateway.sms(f"http://127.0.0.1:{server.port}/?to={{to}}&text={{text}}"), SHORT) == said


def test_gateway_out_of_reach() -> None:
    assert refused(gateway.sms(f"http://127.0.0.1:{free_port()}/?to={{to}}&text={{text}}"), SHORT)[0] == "no_answer"
    assert refused(gateway.sms("http://nulle-part.invalid/?to={to}&text={text}"), SHORT)[0] == "unknown_host"
