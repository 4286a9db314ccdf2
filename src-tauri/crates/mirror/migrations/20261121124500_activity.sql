-- What was asked of the services, and what they said about themselves.
-- Moments are milliseconds since the Unix epoch, UTC.

-- Identifiers count up and are never given twice while rows are left, so that
-- the newest rows are those with the largest ones.
CREATE TABLE exchanges (
    id            INTEGER PRIMARY KEY,
    -- NULL: made before there was a connection, or for none.
    connection_id TEXT REFERENCES connections (id) ON DELETE CASCADE,
    at            INTEGER NOT NULL,
    class         TEXT NOT NULL,
    outcome       TEXT NOT NULL,
    -- What a search looks into, in small letters.
    search        TEXT NOT NULL,
    record        TEXT NOT NULL
) STRICT;

CREATE INDEX exchanges_by_connection ON exchanges (connection_id, at);

-- What the user set about the surfaces of a connection and no endpoint holds.
CREATE TABLE surface_settings (
    connection_id TEXT PRIMARY KEY NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    record        TEXT NOT NULL
) STRICT;

-- Readings of self-hosted servers, the last hour of them.
CREATE TABLE server_readings (
    connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    at            INTEGER NOT NULL,
    record        TEXT NOT NULL,
    PRIMARY KEY (connection_id, at)
) STRICT;

-- The last copy of each status feed; of no connection, since a feed is public.
CREATE TABLE provider_status (
    url    TEXT PRIMARY KEY NOT NULL,
    record TEXT NOT NULL
) STRICT;

-- The providers' own numbers, as last read.
CREATE TABLE allowances (
    connection_id   TEXT NOT NULL,
    environment_key TEXT NOT NULL,
    record          TEXT NOT NULL,
    PRIMARY KEY (connection_id, environment_key),
    FOREIGN KEY (connection_id, environment_key)
        REFERENCES environments (connection_id, key) ON DELETE CASCADE
) STRICT;

-- How much an environment held, once per day, for trends.
CREATE TABLE daily_counts (
    connection_id   TEXT NOT NULL,
    environment_key TEXT NOT NULL,
    -- Days since the Unix epoch, UTC.
    day             INTEGER NOT NULL,
    record          TEXT NOT NULL,
    PRIMARY KEY (connection_id, environment_key, day),
    FOREIGN KEY (connection_id, environment_key)
        REFERENCES environments (connection_id, key) ON DELETE CASCADE
) STRICT;
