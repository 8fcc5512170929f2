"""A mail server of our own, in a process of its own: ``python smtp_server.py PORT FOLDER``.

Each accepted message becomes one file, written before the answer, as a careful server does. SMTP_MODE tells it to misbehave:
``kill`` (SIGKILL between the final dot and the 250; SMTP_AFTER: as many messages are answered before that one), ``451``,
``550`` (answer to RCPT), ``554`` (answer to DATA), ``hang`` (never answers MAIL), ``drip`` (a greeting without end).

SMTP_CERT names a PEM file with key and certificate: STARTTLS is offered, or TLS spoken from the start with SMTP_TLS=1.
SMTP_LOGIN (``name:password``) is then asked.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import os
import signal
import ssl
import sys
from pathlib import Path

MODE = os.environ.get("SMTP_MODE", "")
AFTER = int(os.environ.get("SMTP_AFTER", "0"))
CERT = os.environ.get("SMTP_CERT", "")
LOGIN = os.environ.get("SMTP_LOGIN", "")
_numbers = itertools.count()


def tls() -> ssl.SSLContext | None:
    """Return the server's side of TLS, when it has a certificate."""
    if not CERT:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERT)
    return context


async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speak SMTP with one client."""
    folder = Path(sys.argv[2])

    async def say(text: str) -> None:
        writer.write(f"{text}\r\n".encode())
        await writer.drain()

    if MODE == "drip":
        for sign in "220-slow\r\n" * 200:
            writer.write(sign.encode())
            await writer.drain()
            await asyncio.sleep(0.2)
    await say("220 mail.example")
    to: list[str] = []
    context = tls()
    safe, known = writer.get_extra_info("ssl_object") is not None, not LOGIN
    while line := (await reader.readline()).decode("ascii", "replace").strip():
        verb = line.split(":")[0].split()[0].upper()
        if verb == "QUIT":
            await say("221 bye")
            break
        if verb == "EHLO" and context is not None:
            await say("250-mail.example\r\n250 AUTH PLAIN" if safe else "250-mail.example\r\n250 STARTTLS")
            continue
        if verb == "STARTTLS" and context is not None:
            await say("220 go on")
            await writer.start_tls(context)
            safe = True
            continue
        if verb == "AUTH":
            given = base64.b64decode(line.split()[-1]).decode().split("\0", 1)[1].replace("\0", ":")
            known = safe and given == LOGIN
            await say("235 welcome" if known else "535 no")
            continue
        if verb == "MAIL" and not known:
            await say("530 who are you")
            continue
        if verb == "MAIL" and MODE == "hang":
            await asyncio.sleep(3600)
        if verb == "RCPT":
            to.append(line)
            await say({"451": "451 later", "550": f"550 no such user {line[8:]}"}.get(MODE, "250 ok"))
        elif verb == "DATA":
            await say("354 go on")
            await receive(reader, folder, to)
            await say("554 no" if MODE == "554" else f"250 2.0.0 Ok: queued as Q{next(_numbers):04d}")
        else:
            await say("250 mail.example")
    writer.close()


async def receive(reader: asyncio.StreamReader, folder: Path, to: list[str]) -> None:
    """Take a message up to its final dot and store it; die here when told so."""
    lines = []
    while (line := await reader.readline()) != b".\r\n":
        if not line:
            return
        lines.append(line.removeprefix(b"."))
    if MODE == "554":
        return
    name = f"{len(list(folder.iterdir())):05d}-{os.getpid()}"
    (folder / name).write_bytes("".join(f"X-Rcpt: {one}\r\n" for one in to).encode() + b"".join(lines))
    if MODE == "kill" and len([path for path in folder.iterdir() if path.name.endswith(f"-{os.getpid()}")]) > AFTER:
        os.kill(os.getpid(), signal.SIGKILL)


async def main() -> None:
    """Serve until killed."""
    context = tls() if os.environ.get("SMTP_TLS") else None
    server = await asyncio.start_server(converse, "127.0.0.1", int(sys.argv[1]), ssl=context)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
