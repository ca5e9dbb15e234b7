-- For the operations people's questions. The indexes only say where in the journal something stands.

CREATE TABLE operator (
  name       TEXT    NOT NULL PRIMARY KEY,
  role       TEXT    NOT NULL CHECK (role IN ('viewer', 'operator', 'administrator')),
  token_hash TEXT    NOT NULL UNIQUE CHECK (length(token_hash) = 64),
  added_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
  number    INTEGER NOT NULL PRIMARY KEY CHECK (number >= 1),
  at        INTEGER NOT NULL,
  operator  TEXT    NOT NULL,
  origin    TEXT    NOT NULL,
  node      TEXT    NOT NULL,
  operation TEXT    NOT NULL,
  stage     TEXT    NOT NULL,
  request   TEXT    NOT NULL,
  before    TEXT,
  after     TEXT,
  hash      TEXT    NOT NULL CHECK (length(hash) = 64)
) STRICT;

CREATE TABLE point_switch (
  point    TEXT    NOT NULL PRIMARY KEY,
  disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)),
  by       TEXT    NOT NULL,
  reason   TEXT,
  since    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE controller_name (
  source        TEXT NOT NULL,
  invocation_id BLOB NOT NULL CHECK (length(invocation_id) = 16),
  name          TEXT NOT NULL,
  PRIMARY KEY (source, invocation_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX account_by_identity ON account (identity_id);
CREATE INDEX event_parked ON event (at) WHERE json_extract(body, '$.sequel.sequel') = 'park';
CREATE INDEX event_by_login ON event (lower(json_extract(body, '$.change.names.samAccountName'))) WHERE kind = 'capture-accepted.1';
CREATE INDEX event_by_upn ON event (lower(json_extract(body, '$.change.names.userPrincipalName'))) WHERE kind = 'capture-accepted.1';
CREATE INDEX event_by_mail ON event (lower(json_extract(body, '$.change.names.mail'))) WHERE kind = 'capture-accepted.1';
CREATE INDEX event_by_dn ON event (lower(json_extract(body, '$.change.names.distinguishedName'))) WHERE kind = 'capture-accepted.1';
CREATE INDEX event_by_capture ON event (json_extract(body, '$.change.captureId')) WHERE kind = 'capture-accepted.1';
CREATE INDEX snapshot_by_login ON snapshot (lower(json_extract(body, '$.newest.names.samAccountName')));
CREATE INDEX snapshot_by_upn ON snapshot (lower(json_extract(body, '$.newest.names.userPrincipalName')));
CREATE INDEX snapshot_by_mail ON snapshot (lower(json_extract(body, '$.newest.names.mail')));
CREATE INDEX snapshot_by_dn ON snapshot (lower(json_extract(body, '$.newest.names.distinguishedName')));
