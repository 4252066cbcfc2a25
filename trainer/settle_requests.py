"""Settles what an engine that has ended left in its database, so that the next one on the same folder starts with nothing to do.

usage: settle_requests.py DATABASE

Requests still waiting would be run by the next engine, and one that makes a model would take an adapter's place for nobody. They become
failed, with a sentence that says why. Rows stay, because their numbers must not be given out again; what they carried goes. Checkpoints
and the models they belong to stay as they are: loading an old checkpoint looks its row up. Tables: skyrl/tinker/db_models.py of 0.4.0.
"""

import json
import sqlite3
import sys

error = json.dumps({"error": "The engine was restarted before it answered; load the last checkpoint and go on.", "status": "failed"})

with sqlite3.connect(sys.argv[1], timeout=30) as database:
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "futures" in tables:
        database.execute("UPDATE futures SET status = 'FAILED', result_data = ? WHERE status = 'PENDING'", (error,))
        database.execute("UPDATE futures SET request_data = '{}' WHERE request_data != '{}'")
        database.execute("UPDATE futures SET result_data = NULL WHERE status = 'COMPLETED'")
    if "checkpoints" in tables:
        database.execute(
            "UPDATE checkpoints SET status = 'FAILED', error_message = 'The engine ended while it was saved.' WHERE status = 'PENDING'"
        )
database.close()
with sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None) as database:
    database.execute("VACUUM")
