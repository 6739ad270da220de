"""What every connection to a catalog is told, whichever SQLite it is of."""

from __future__ import annotations

WARY = ("cell_size_check=ON", "trusted_schema=OFF")
"""For a file that may be damaged."""
