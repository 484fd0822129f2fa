"""The author's bench: run a pack's cases, explain an answer, compare packs. It asks the very same steward as the server."""
