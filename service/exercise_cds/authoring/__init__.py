"""The author's bench: check a pack, run its cases, explain an answer, compare packs. It asks the very same steward as the server.

Modules are imported one by one: `check` must answer within a second and needs no steward.
"""
