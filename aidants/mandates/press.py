"""Draws one PDF and ends: run as a process of its own, so that what a mandate says leaves memory with it.

The drawing library keeps 50 MB and the last documents it drew, names included; a counter's PC has neither the room nor the
reason to keep them. A job (JSON) comes on the standard input, the PDF goes to the standard output; a letter that no font has
ends with the exit code ``MISSING_LETTER``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

MISSING_LETTER: Final = 3


def draw(job: dict[str, Any]) -> bytes | None:
    """Compile ``template`` with ``inputs``, our ``fonts`` (and the machine's with ``system_fonts``), ``standards``, ``stamp``.

    Return None when a letter is in none of the fonts. Raises ``typst.TypstError`` when the template is broken.
    """
    import typst  # 84 MB: here only, never in the server

    template = Path(job["template"])
    fonts = typst.Fonts(
        include_system_fonts=job["system_fonts"], include_embedded_fonts=False, font_paths=[job["fonts"]]
    )
    try:
        pdf: bytes = typst.compile(
            template,
            root=template.parent,
            font_paths=fonts,
            format="pdf",
            pdf_standards=job["standards"],
            timestamp=job["stamp"],
            sys_inputs=job["inputs"],
        )
    except typst.TypstError as error:
        if "could not be displayed with font" in error.message:
            return None
        raise
    return pdf


def main() -> int:
    """Read the job, write the PDF."""
    pdf = draw(json.load(sys.stdin))
    if pdf is None:
        return MISSING_LETTER
    sys.stdout.buffer.write(pdf)
    return 0


if __name__ == "__main__":
    sys.exit(main())
