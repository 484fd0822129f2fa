"""From chart to facts: one derive function per kind. Pure: no network, no clock."""
