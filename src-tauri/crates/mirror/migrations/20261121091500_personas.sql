-- Identities kept by name. They are the user's: no refresh touches them.

CREATE TABLE personas (
    id            TEXT PRIMARY KEY NOT NULL,
    connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    name          TEXT NOT NULL,
    identifier    TEXT NOT NULL,
    -- A list of pairs of a name and a value, in the order given.
    traits        TEXT NOT NULL,
    UNIQUE (connection_id, name)
) STRICT;
