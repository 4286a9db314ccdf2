-- Changes that were followed until each surface served them. Bounded: the
-- newest stay.

CREATE TABLE propagations (
    -- Counts up, so that the newest rows are those with the largest ones.
    ordinal         INTEGER PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,
    connection_id   TEXT NOT NULL,
    environment_key TEXT NOT NULL,
    flag_key        TEXT NOT NULL,
    -- Milliseconds since the Unix epoch, UTC.
    published_at    INTEGER NOT NULL,
    -- 1 while it is followed, by whichever process began it.
    running         INTEGER NOT NULL,
    -- JSON: a list of the model's lanes.
    lanes           TEXT NOT NULL,
    FOREIGN KEY (connection_id, environment_key)
        REFERENCES environments (connection_id, key) ON DELETE CASCADE
) STRICT;

CREATE INDEX propagations_by_environment ON propagations (connection_id, environment_key, ordinal);
