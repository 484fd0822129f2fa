"""The stone: nouns that every room shares. Pure data; no I/O, no clock, no import from any room."""
