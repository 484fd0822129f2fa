"""The schema's history. Each revision only adds, so that a version still running beside its successor keeps working.

Revisions are numbered: `0002` comes after `0001`. That is how version N recognises the schema of N+1 and leaves it alone.
"""

from __future__ import annotations

HEAD = "0001"
"""The newest revision that this version knows; a test compares it with the files."""
