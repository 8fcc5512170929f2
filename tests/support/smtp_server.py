"""A mail server of our own, in a process of its own: ``python smtp_server.py PORT FOLDER``.

Each accepted message becomes one file, written before the answer, as a careful server does. SMTP_MODE tells it to misbehave:
``kill`` (SIGKILL between the final dot and the 250; SMTP_AFTER: as many messages are answered before that one), ``451``,
``550`` (answer to RCPT), ``554`` (answer to DATA), ``hang`` (never answers MAIL), ``drip`` (a greeting without end).
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
from pathlib import Path

MODE = os.environ.get("SMTP_MODE", "")
AFTER = int(os.environ.get("SMTP_AFTER", "0"))
_numbers = itertools.count()


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
    while line := (await reader.readline()).decode("ascii", "replace").strip():
        verb = line.split(":")[0].split()[0].upper()
        if verb == "QUIT":
            await say("221 bye")
            break
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
    server = await asyncio.start_server(converse, "127.0.0.1", int(sys.argv[1]))
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
