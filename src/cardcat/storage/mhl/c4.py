"""C4 ids (SMPTE ST 2114), which the chain of an ASC MHL history knows its files by."""

from __future__ import annotations

_DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_LENGTH = 88  # digits that any SHA-512 fits into


def c4_id(sha512: bytes) -> str:
    """The C4 id of what has this SHA-512: `c4`, then the number in base 58."""
    number, digits = int.from_bytes(sha512, "big"), ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return "c4" + digits.rjust(_LENGTH, _DIGITS[0])
