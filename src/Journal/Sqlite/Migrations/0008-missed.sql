-- The deliveries that never arrived: the last change of the point expired, could not be used, or came while the point was disabled. Those of before are not told of.
CREATE TABLE missed (
  identity_id BLOB    NOT NULL CHECK (length(identity_id) = 16),
  point       TEXT    NOT NULL,
  since       INTEGER NOT NULL,
  PRIMARY KEY (identity_id, point)
) STRICT, WITHOUT ROWID;
CREATE INDEX missed_by_time ON missed (since);

-- The last capture of an identity of which it could not be proven which password the source has, and its event. It is past as soon as a later event accepts a change.
CREATE TABLE unconfirmed (
  identity_id BLOB    NOT NULL PRIMARY KEY CHECK (length(identity_id) = 16),
  seq         INTEGER NOT NULL,
  since       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX unconfirmed_by_time ON unconfirmed (since);
