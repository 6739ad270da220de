"""The search for equal files that needs no catalog: sizes first, then samples, then all bytes."""
