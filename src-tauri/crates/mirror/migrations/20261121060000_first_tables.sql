-- Records are JSON of the model's nouns, so that a new optional member needs
-- no migration; what is looked up or ordered by is a column of its own.
-- Moments are milliseconds since the Unix epoch, UTC.

CREATE TABLE connections (
    id      TEXT PRIMARY KEY NOT NULL,
    ordinal INTEGER NOT NULL,
    record  TEXT NOT NULL
) STRICT;

CREATE TABLE environments (
    connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    key           TEXT NOT NULL,
    ordinal       INTEGER NOT NULL,
    -- Apart from the record, because it is the user's and outlives what the
    -- service says about the environment.
    protection    TEXT NOT NULL,
    record        TEXT NOT NULL,
    PRIMARY KEY (connection_id, key)
) STRICT;

CREATE TABLE snapshots (
    id                  INTEGER PRIMARY KEY,
    connection_id       TEXT NOT NULL,
    environment_key     TEXT NOT NULL,
    fetched_at          INTEGER NOT NULL,
    document_updated_at INTEGER,
    flag_count          INTEGER NOT NULL,
    segment_count       INTEGER NOT NULL,
    document_bytes      INTEGER NOT NULL,
    -- NULL once a single flag was replaced: what is held is then no longer
    -- what the hash was taken of.
    content_hash        BLOB,
    document            TEXT NOT NULL,
    UNIQUE (connection_id, environment_key),
    FOREIGN KEY (connection_id, environment_key)
        REFERENCES environments (connection_id, key) ON DELETE CASCADE
) STRICT;

-- The key is not unique: a service that lists a flag twice is shown as it is.
CREATE TABLE flags (
    snapshot_id INTEGER NOT NULL REFERENCES snapshots (id) ON DELETE CASCADE,
    ordinal     INTEGER NOT NULL,
    key         TEXT NOT NULL,
    -- NULL: with the snapshot.
    fetched_at  INTEGER,
    record      TEXT NOT NULL,
    PRIMARY KEY (snapshot_id, ordinal)
) STRICT;

CREATE INDEX flags_by_key ON flags (snapshot_id, key);

CREATE TABLE segments (
    snapshot_id INTEGER NOT NULL REFERENCES snapshots (id) ON DELETE CASCADE,
    ordinal     INTEGER NOT NULL,
    name        TEXT NOT NULL,
    record      TEXT NOT NULL,
    PRIMARY KEY (snapshot_id, ordinal)
) STRICT;

CREATE TABLE fetch_status (
    connection_id   TEXT NOT NULL,
    environment_key TEXT NOT NULL,
    record          TEXT NOT NULL,
    PRIMARY KEY (connection_id, environment_key),
    FOREIGN KEY (connection_id, environment_key)
        REFERENCES environments (connection_id, key) ON DELETE CASCADE
) STRICT;

-- Bound to the connection alone: an edit whose outcome is open outlives the
-- disappearance of its environment.
CREATE TABLE edits (
    id              TEXT PRIMARY KEY NOT NULL,
    connection_id   TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    environment_key TEXT NOT NULL,
    flag_key        TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    changed_at      INTEGER NOT NULL,
    -- The state's name, for looking up; the whole state is beside it.
    state_name      TEXT NOT NULL,
    state           TEXT NOT NULL,
    base            TEXT NOT NULL,
    change          TEXT NOT NULL
) STRICT;

CREATE INDEX edits_by_flag ON edits (connection_id, environment_key, flag_key);
CREATE INDEX edits_by_state ON edits (state_name);

CREATE TABLE settings (
    name  TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT;
