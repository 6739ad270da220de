"""
Where flows, tasks, sql, notebooks and prefect.yaml are.

In a checkout they are beside src/, in a wheel they travel inside the package, in _project/.
"""

from __future__ import annotations

from pathlib import Path

_IN_WHEEL = Path(__file__).parent / "_project"

ROOT = _IN_WHEEL if _IN_WHEEL.is_dir() else Path(__file__).parents[2]
"""The folder that holds them: the checkout, or one inside the installed package."""
