"""What is kept: decision records and feedback. The only room that knows a database.

`open_store` is the door: it opens the database and brings its schema up to this version; everything else takes the `Store`.
Reports (`exercise_cds.records.reports`) are not imported here: the server needs none of their libraries.
"""

from exercise_cds.model.client import TokenUse
from exercise_cds.records.connection import BadDatabaseUrl, sqlite_file
from exercise_cds.records.decisions import DecisionLog, LogState, OnFailure, PackListing
from exercise_cds.records.feedback import Bounds, FeedbackStore, Stored
from exercise_cds.records.migrate import UnknownSchema
from exercise_cds.records.pseudonyms import BadKeyRing, Key, KeyRing, parse_keys
from exercise_cds.records.replay import ReplayStore
from exercise_cds.records.store import Store, StoreUnreachable, open_store
from exercise_cds.records.upkeep import Upkeep

__all__ = [
    "BadDatabaseUrl",
    "BadKeyRing",
    "Bounds",
    "DecisionLog",
    "FeedbackStore",
    "Key",
    "KeyRing",
    "LogState",
    "OnFailure",
    "PackListing",
    "ReplayStore",
    "Store",
    "StoreUnreachable",
    "Stored",
    "TokenUse",
    "UnknownSchema",
    "Upkeep",
    "open_store",
    "parse_keys",
    "sqlite_file",
]
