-- What each surface is known to serve for each environment. Records are JSON
-- of the model's nouns.

CREATE TABLE surface_readings (
    connection_id   TEXT NOT NULL,
    environment_key TEXT NOT NULL,
    -- The surface as JSON: its kind, and the base of an Edge Proxy.
    surface         TEXT NOT NULL,
    record          TEXT NOT NULL,
    PRIMARY KEY (connection_id, environment_key, surface),
    FOREIGN KEY (connection_id, environment_key)
        REFERENCES environments (connection_id, key) ON DELETE CASCADE
) STRICT;
