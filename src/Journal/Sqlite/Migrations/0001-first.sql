-- Times are microseconds since 1970-01-01 UTC. Ids are the 16 bytes of a UUID in RFC 9562 order.

CREATE TABLE node (
  name        TEXT    NOT NULL PRIMARY KEY,
  incarnation BLOB    NOT NULL CHECK (length(incarnation) = 16),
  began_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The owner is null while nobody owns the shard. The epoch never falls.
CREATE TABLE shard (
  shard_id    INTEGER NOT NULL PRIMARY KEY CHECK (shard_id >= 0),
  owner       TEXT    REFERENCES node (name),
  incarnation BLOB    CHECK (length(incarnation) = 16),
  epoch       INTEGER NOT NULL DEFAULT 0,
  CHECK ((owner IS NULL) = (incarnation IS NULL))
) STRICT;

CREATE TABLE account (
  source             TEXT NOT NULL,
  object_guid        BLOB NOT NULL CHECK (length(object_guid) = 16),
  identity_id        BLOB NOT NULL CHECK (length(identity_id) = 16),
  intent_attempt_id  BLOB CHECK (length(intent_attempt_id) = 16),
  intent_until       INTEGER,
  written_generation INTEGER,
  written_version    INTEGER,
  written_second     INTEGER,
  written_invocation BLOB CHECK (length(written_invocation) = 16),
  PRIMARY KEY (source, object_guid),
  CHECK ((intent_attempt_id IS NULL) = (intent_until IS NULL)),
  CHECK ((written_generation IS NULL) = (written_version IS NULL)
     AND (written_generation IS NULL) = (written_second IS NULL)
     AND (written_generation IS NULL) = (written_invocation IS NULL))
) STRICT, WITHOUT ROWID;

-- In the order of acceptance, so that the oldest go first without an index on the time.
CREATE TABLE accepted (
  accepted_id INTEGER NOT NULL PRIMARY KEY,
  capture_id  BLOB    NOT NULL UNIQUE CHECK (length(capture_id) = 16),
  shard_id    INTEGER NOT NULL,
  at          INTEGER NOT NULL
) STRICT;

-- AUTOINCREMENT: a number is never given twice, so that a late removal cannot meet another capture.
CREATE TABLE inbox (
  seq         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  shard_id    INTEGER NOT NULL,
  identity_id BLOB    NOT NULL CHECK (length(identity_id) = 16),
  capture_id  BLOB    NOT NULL CHECK (length(capture_id) = 16),
  kind        TEXT    NOT NULL,
  body        TEXT    NOT NULL,
  at          INTEGER NOT NULL
) STRICT;

CREATE TABLE event (
  event_id    INTEGER NOT NULL PRIMARY KEY,
  identity_id BLOB    NOT NULL CHECK (length(identity_id) = 16),
  seq         INTEGER NOT NULL CHECK (seq >= 1),
  shard_id    INTEGER NOT NULL,
  kind        TEXT    NOT NULL,
  body        TEXT    NOT NULL,
  at          INTEGER NOT NULL,
  UNIQUE (identity_id, seq)
) STRICT;

CREATE TABLE snapshot (
  identity_id BLOB    NOT NULL PRIMARY KEY CHECK (length(identity_id) = 16),
  seq         INTEGER NOT NULL CHECK (seq >= 1),
  shard_id    INTEGER NOT NULL,
  kind        TEXT    NOT NULL,
  body        TEXT    NOT NULL
) STRICT;

CREATE TABLE secret (
  secret_id  INTEGER NOT NULL PRIMARY KEY,
  capture_id BLOB    NOT NULL UNIQUE CHECK (length(capture_id) = 16),
  shard_id   INTEGER NOT NULL,
  envelope   BLOB    NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX secret_by_expiry ON secret (expires_at);

CREATE TABLE pending (
  identity_id BLOB    NOT NULL PRIMARY KEY CHECK (length(identity_id) = 16),
  shard_id    INTEGER NOT NULL,
  due_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX pending_by_due ON pending (due_at);

CREATE TABLE target_claim (
  point       TEXT NOT NULL,
  target_key  TEXT NOT NULL,
  identity_id BLOB NOT NULL CHECK (length(identity_id) = 16),
  PRIMARY KEY (point, target_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX target_claim_by_identity ON target_claim (identity_id, point);

CREATE TABLE edge (
  source             TEXT    NOT NULL,
  domain_controller  TEXT    NOT NULL,
  certificate_serial TEXT    NOT NULL,
  seen_at            INTEGER NOT NULL,
  version            TEXT    NOT NULL,
  PRIMARY KEY (source, domain_controller)
) STRICT, WITHOUT ROWID;

CREATE TABLE config (
  version INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  body    TEXT    NOT NULL,
  at      INTEGER NOT NULL
) STRICT;
