-- The deliveries that have failed and are tried again. Those of before come in with their next failure.
CREATE TABLE failing (
  identity_id BLOB    NOT NULL CHECK (length(identity_id) = 16),
  point       TEXT    NOT NULL,
  since       INTEGER NOT NULL,
  PRIMARY KEY (identity_id, point)
) STRICT, WITHOUT ROWID;
CREATE INDEX failing_by_time ON failing (since);
