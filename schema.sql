-- The whole present schema, version 1 (PRAGMA user_version). Older files reach it by the ordered
-- steps in src/store/schema.rs.
--
-- No identifier is stored: a lookup is the minute of creation and a hash. Times are Unix seconds.

-- The root keys this file has been sealed under; the one with the greatest id seals.
CREATE TABLE keys (
    id          INTEGER PRIMARY KEY CHECK (id > 0),
    fingerprint BLOB NOT NULL UNIQUE CHECK (length(fingerprint) = 16)
) STRICT;

-- One row of constants, drawn when the file is made.
CREATE TABLE meta (
    id            INTEGER PRIMARY KEY CHECK (id = 1),
    mask_constant BLOB NOT NULL CHECK (length(mask_constant) = 32)
) STRICT;

-- Shares of content keys. Rows are appended in blocks, never deleted, and only ever updated with
-- values of the same size, so that SQLite writes the new bytes over the old ones. `used` is 0 or 1:
-- both are stored without a payload byte.
CREATE TABLE slots (
    id    INTEGER PRIMARY KEY,
    used  INTEGER NOT NULL CHECK (used IN (0, 1)),
    share BLOB NOT NULL CHECK (length(share) = 32)
) STRICT;
CREATE INDEX slots_free ON slots (id) WHERE used = 0;

-- What became of each secret. Lives twice as long as the secret was granted.
CREATE TABLE receipts (
    id                INTEGER PRIMARY KEY,
    lookup            BLOB NOT NULL CHECK (length(lookup) = 16),
    created_at        INTEGER NOT NULL,
    secret_expires_at INTEGER NOT NULL CHECK (secret_expires_at > created_at),
    expires_at        INTEGER NOT NULL CHECK (expires_at > secret_expires_at),
    kind              TEXT NOT NULL CHECK (kind IN ('conceal', 'generate')),
    has_passphrase    INTEGER NOT NULL CHECK (has_passphrase IN (0, 1)),
    -- NULL: the default domain.
    share_domain      TEXT,
    -- NULL: nothing has ended the secret, or it expired.
    outcome           TEXT CHECK (outcome IN ('revealed', 'burned', 'locked')),
    outcome_at        INTEGER CHECK ((outcome IS NULL) = (outcome_at IS NULL)),
    -- Looks at the link that changed nothing.
    views             INTEGER NOT NULL DEFAULT 0 CHECK (views >= 0),
    first_view        INTEGER CHECK ((views = 0) = (first_view IS NULL)),
    last_view         INTEGER CHECK ((views = 0) = (last_view IS NULL)),
    -- Wrong passphrases before the secret ended; while it lives they are counted in its own row.
    failed_attempts   INTEGER NOT NULL DEFAULT 0 CHECK (failed_attempts >= 0),
    -- Sealed under the receipt's identifier.
    box               BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX receipts_lookup ON receipts (lookup);
CREATE INDEX receipts_expiry ON receipts (expires_at);

-- Secrets that are still there. A secret has the id of its receipt.
CREATE TABLE secrets (
    id              INTEGER PRIMARY KEY REFERENCES receipts (id),
    lookup          BLOB NOT NULL CHECK (length(lookup) = 16),
    slot_id         INTEGER NOT NULL REFERENCES slots (id),
    key_id          INTEGER NOT NULL REFERENCES keys (id),
    expires_at      INTEGER NOT NULL,
    -- Argon2id: NULL together where there is no passphrase.
    salt            BLOB CHECK (length(salt) = 16),
    m               INTEGER CHECK ((m IS NULL) = (salt IS NULL)),
    t               INTEGER CHECK ((t IS NULL) = (salt IS NULL)),
    p               INTEGER CHECK ((p IS NULL) = (salt IS NULL)),
    check_value     BLOB NOT NULL CHECK (length(check_value) = 16),
    -- Passphrases tried in all, and since window_start.
    attempts        INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    window_start    INTEGER NOT NULL DEFAULT 0,
    window_attempts INTEGER NOT NULL DEFAULT 0 CHECK (window_attempts BETWEEN 0 AND attempts),
    -- Sealed under root key, identifier, share and passphrase.
    box             BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX secrets_lookup ON secrets (lookup);
CREATE INDEX secrets_expiry ON secrets (expires_at);
