-- The whole present schema, version 1 (PRAGMA user_version). Older files reach it by the ordered
-- steps in src/store/schema.rs.
--
-- No identifier is stored: a lookup is the row's number and a hash. A row is found by its number and
-- compared with the whole lookup; an index of lookups would be one more tree to write, and hashes scatter
-- over all of it. Times are Unix seconds.

-- The root keys this file has been sealed under; the one with the greatest id seals.
CREATE TABLE keys (
    id          INTEGER PRIMARY KEY CHECK (id > 0),
    fingerprint BLOB NOT NULL UNIQUE CHECK (length(fingerprint) = 16)
) STRICT;

-- One row: a constant drawn when the file is made, and a running sum.
CREATE TABLE meta (
    id            INTEGER PRIMARY KEY CHECK (id = 1),
    mask_constant BLOB NOT NULL CHECK (length(mask_constant) = 32),
    -- The sum of secrets.anonymous_bytes.
    anonymous_bytes INTEGER NOT NULL DEFAULT 0 CHECK (anonymous_bytes >= 0)
) STRICT;

-- Shares of content keys. Rows are appended in blocks, never deleted, and only ever updated with
-- values of the same size, so that SQLite writes the new bytes over the old ones. `used` is 0 or 1:
-- both are stored without a payload byte. Which are free the writer knows by heart: an index of them would
-- be written as often as the table.
CREATE TABLE slots (
    id    INTEGER PRIMARY KEY,
    used  INTEGER NOT NULL CHECK (used IN (0, 1)),
    share BLOB NOT NULL CHECK (length(share) = 32)
) STRICT;

-- Who may have lists, memos and mail. Numbers are never used twice: boxes are bound to them.
CREATE TABLE accounts (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Of the address and the one API token.
    token_lookup BLOB NOT NULL UNIQUE CHECK (length(token_lookup) = 16),
    key_id       INTEGER NOT NULL REFERENCES keys (id),
    -- The e-mail address, sealed under the root key.
    address_box  BLOB NOT NULL,
    -- Whether its owner wants mail when a secret is revealed or burned.
    notify       INTEGER NOT NULL DEFAULT 0 CHECK (notify IN (0, 1)),
    created_at   INTEGER NOT NULL,
    disabled_at  INTEGER
) STRICT;

-- What became of each secret. Lives twice as long as the secret was granted.
CREATE TABLE receipts (
    -- Its number in the order of creation; every lookup begins with it, modulo 36^6.
    id                INTEGER PRIMARY KEY,
    lookup            BLOB NOT NULL CHECK (length(lookup) = 16),
    -- NULL: anonymous, or the account is gone.
    account_id        INTEGER,
    created_at        INTEGER NOT NULL,
    secret_expires_at INTEGER NOT NULL CHECK (secret_expires_at > created_at),
    expires_at        INTEGER NOT NULL CHECK (expires_at > secret_expires_at),
    -- When the sweeper is to look at it: when the secret expires, and then when the receipt does. One index
    -- for both, which a reveal leaves alone.
    due_at            INTEGER NOT NULL CHECK (due_at IN (secret_expires_at, expires_at)),
    kind              TEXT NOT NULL CHECK (kind IN ('conceal', 'generate')),
    has_passphrase    INTEGER NOT NULL CHECK (has_passphrase IN (0, 1)),
    -- NULL: the default domain.
    share_domain      TEXT,
    -- NULL: nothing has ended the secret, or it expired.
    -- (Not IN, for which SQLite would build a table at every write.)
    outcome           TEXT CHECK (outcome = 'revealed' OR outcome = 'burned' OR outcome = 'locked'),
    outcome_at        INTEGER CHECK ((outcome IS NULL) = (outcome_at IS NULL)),
    -- Looks at the link that changed nothing.
    views             INTEGER NOT NULL DEFAULT 0 CHECK (views >= 0),
    first_view        INTEGER CHECK ((views = 0) = (first_view IS NULL)),
    last_view         INTEGER CHECK ((views = 0) = (last_view IS NULL)),
    -- Wrong passphrases before the secret ended; while it lives they are counted in its own row.
    failed_attempts   INTEGER NOT NULL DEFAULT 0 CHECK (failed_attempts >= 0),
    -- The mail with the link. NULL: none was asked for.
    mail              TEXT CHECK (mail = 'pending' OR mail = 'sent' OR mail = 'failed'),
    shared_at         INTEGER CHECK ((mail IS 'sent') = (shared_at IS NOT NULL)),
    -- Sealed under the receipt's identifier.
    box               BLOB NOT NULL,
    -- The receipt's identifier, sealed under the account's token, for its list. NULL: not listed.
    own_box           BLOB CHECK (own_box IS NULL OR account_id IS NOT NULL)
) STRICT;
CREATE INDEX receipts_own ON receipts (account_id, created_at) WHERE account_id IS NOT NULL;
CREATE INDEX receipts_due ON receipts (due_at);

-- Secrets that are still there. A secret has the number of its receipt.
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
    -- Padded bytes that count against what anonymous callers may keep; 0 for an account's secret.
    anonymous_bytes INTEGER NOT NULL CHECK (anonymous_bytes >= 0),
    -- Sealed under root key, identifier, share and passphrase.
    box             BLOB NOT NULL
) STRICT;

-- Mail that waits to be sent, for a day at most. Numbers are never used twice: the mailer may be sending
-- one whose row is gone.
CREATE TABLE outbox (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The receipt whose link it carries. NULL: a notice to an account's owner.
    receipt_id INTEGER,
    slot_id    INTEGER NOT NULL REFERENCES slots (id),
    key_id     INTEGER NOT NULL REFERENCES keys (id),
    due_at     INTEGER NOT NULL,
    tries      INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
    dies_at    INTEGER NOT NULL,
    -- Address and text, sealed under root key and share.
    box        BLOB NOT NULL
) STRICT;
CREATE INDEX outbox_due ON outbox (due_at);
CREATE INDEX outbox_receipt ON outbox (receipt_id) WHERE receipt_id IS NOT NULL;
