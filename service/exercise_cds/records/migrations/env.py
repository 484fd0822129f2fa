"""What Alembic runs: the revisions, on the connection that the store hands over and inside its transaction."""

from __future__ import annotations

from alembic import context

from exercise_cds.records.schema import SCHEMA

# no begin here: the store has begun, taken the lock and will commit (store.py)
context.configure(connection=context.config.attributes["connection"], target_metadata=SCHEMA)
context.run_migrations()
