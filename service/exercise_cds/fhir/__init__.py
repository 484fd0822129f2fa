"""From prefetch to chart: what to read (`ReadPlan`), what was obtained, selection on raw JSON, entry-by-entry parsing."""
