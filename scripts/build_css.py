"""Rebuild the committed files of `static/` and the icon templates from their npm sources.

For maintainers only: `npm ci`, then `python scripts/build_css.py`. People who run Aidants never need Node: what this
script writes is committed. Sass and its sources live in `styles/`; versions are pinned in `package.json`.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
STATIC = ROOT / "static"
FONT = "atkinson-hyperlegible-next"
FONT_VERSION = "5.3.0"
ICONS = (
    "a-large-small arrow-left arrow-right badge-check book-open briefcase building-2 calendar car check chevron-down "
    "circle-alert circle-check circle-question-mark circle-user-round circle-x clock download external-link eye "
    "eye-off file-text flag hand-helping heart-pulse house id-card info key-round languages list-filter lock log-out "
    "mail menu message-square monitor-smartphone notebook-pen pen-line phone plus printer qr-code scale search send "
    "shield-alert shield-check trash-2 triangle-alert undo-2 upload user-round users-round volume-2 wallet x "
    "baby bell bus chart-column circle-stop copy folder-open globe graduation-cap hand history hourglass landmark "
    "link list-checks log-in map-pin rotate-cw save settings signature smartphone ticket user-round-plus users zap"
)


def main() -> None:
    """Write the style sheet, htmx, typeface, licences and icons, then print the compressed sizes."""
    (STATIC / "fonts").mkdir(parents=True, exist_ok=True)
    (STATIC / "licences").mkdir(exist_ok=True)
    compile_css()
    copy_script()
    copy_font()
    write_icons()
    for name in ("aidants.css", "aidants.js", "htmx.min.js"):
        data = (STATIC / name).read_bytes()
        print(f"{name}: {len(data)} bytes, {len(gzip.compress(data, 9))} gzip")


def compile_css() -> None:
    """Compile `styles/aidants.scss` into one compressed sheet; raises `CalledProcessError` on a Sass fault."""
    command = [
        str(MODULES / ".bin" / "sass"),
        "--style=compressed",
        "--no-source-map",
        "--quiet-deps",
        f"--load-path={MODULES / 'govuk-frontend' / 'dist'}",
        str(ROOT / "styles" / "aidants.scss"),
    ]
    css = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    (STATIC / "aidants.css").write_text(shorten(css.lstrip("\ufeff")), encoding="utf-8")


def shorten(css: str) -> str:
    """Drop what only browsers older than cascade layers read; they cannot read the layer it stands in either."""
    for pattern in (
        r"-(?:webkit|moz-osx)-font-smoothing:[a-z]+;?",
        r"-webkit-text-decoration-skip(?:-ink)?:none;?|text-decoration-skip:none;?",
        r"@supports not \(caret-color: auto\)\{[^{}]*\{[^{}]*\}\}",
        r"@supports not \(text-wrap: balance\)\{[^{}]*\{[^{}]*\}\}",
        r",\(-ms-high-contrast: active\)",
        r"@media print\{[^{}]*\{font-family:[^{}]*\}\}",
    ):
        css = re.sub(pattern, "", css)
    return re.sub(r"var\((--govuk-[a-z-]+), [^()]*\)", r"var(\1)", css)


def copy_script() -> None:
    """Copy htmx and write its licence, version and SHA-256 beside it."""
    source = MODULES / "htmx.org"
    data = (source / "dist" / "htmx.min.js").read_bytes()
    data = re.sub(rb"\n?//# sourceMappingURL=\S+\s*$", b"\n", data)
    (STATIC / "htmx.min.js").write_bytes(data)
    version = json.loads((source / "package.json").read_text(encoding="utf-8"))["version"]
    digest = hashlib.sha256(data).hexdigest()
    (STATIC / "htmx.min.js.sha256").write_text(f"{digest}  htmx.min.js\n", encoding="utf-8")
    licence = (source / "LICENSE").read_text(encoding="utf-8")
    (STATIC / "licences" / "htmx.txt").write_text(f"htmx {version}\n\n{licence}", encoding="utf-8")


def copy_font() -> None:
    """Copy the four subset files (the version in their names lets them be cached for ever) and the licences."""
    source = MODULES / "@fontsource" / FONT
    for subset in ("latin", "latin-ext"):
        for weight in (400, 700):
            name = f"{FONT}-{subset}-{weight}-normal.woff2"
            target = STATIC / "fonts" / f"atkinson-{FONT_VERSION}-{subset}-{weight}.woff2"
            shutil.copyfile(source / "files" / name, target)
    shutil.copyfile(source / "LICENSE", STATIC / "fonts" / "OFL.txt")
    shutil.copyfile(MODULES / "lucide-static" / "LICENSE", STATIC / "licences" / "lucide.txt")


def write_icons() -> None:
    """Write `templates/components/icons.html`: one macro over the drawings of the icons we use."""
    lines = []
    for name in sorted(ICONS.split()):
        svg = (MODULES / "lucide-static" / "icons" / f"{name}.svg").read_text(encoding="utf-8")
        inner = svg[svg.index(">", svg.index("<svg")) + 1 : svg.rindex("</svg>")]
        inner = re.sub(r"\s+", " ", inner).replace(" />", "/>").strip()
        inner = re.sub(r"> <", "><", inner)
        lines.append(f"  '{name}': '{inner}',")
    body = "\n".join(lines)
    text = (
        "{# Lucide 1.62.0 (ISC, some MIT; licence in static/licences/lucide.txt). Written by scripts/build_css.py.\n"
        "   icon(name, cls=''): a decorative drawing, always beside a word; an unknown name is an error. #}\n"
        "{%- set ICONS = {\n" + body + "\n} -%}\n"
        "{%- macro icon(name, cls='') -%}\n"
        "<svg class=\"icon{% if name in ('arrow-left', 'arrow-right') %} icon--arrow{% endif %}"
        '{% if cls %} {{ cls }}{% endif %}" width="24" height="24" viewBox="0 0 24 24" fill="none" '
        'stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" '
        'aria-hidden="true">{{ ICONS[name]|safe }}</svg>\n'
        "{%- endmacro -%}\n"
    )
    (ROOT / "templates" / "components" / "icons.html").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
