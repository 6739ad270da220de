"""What stands around every printable report: a policy that forbids whatever is not in the file, the look."""

from __future__ import annotations

import base64
import hashlib

from cardcat import __version__
from cardcat.printed.html import Html, element
from cardcat.printed.style import STYLE

_POLICY = "default-src 'none'; img-src data:; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'"


def head(title: str) -> Html:
    """The beginning of the file, up to where its text begins."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode("ascii")
    return Html(
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY.format(digest)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"{element('title', title)}\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
    )


def foot(moment: str, told: str) -> Html:
    """The end of the file: what made it, the *moment* at which it did, and what the reader should know."""
    line = f"Made by cardcat {__version__} at {moment}. {told}"
    return Html(f"</main>\n{element('footer', line)}\n</body>\n</html>\n")
