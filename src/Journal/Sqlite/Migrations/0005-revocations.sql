-- What an edge told of itself, and edges whose certificates up to a time are refused for ever.
ALTER TABLE edge ADD COLUMN certificate_until INTEGER;
ALTER TABLE edge ADD COLUMN spool INTEGER;

CREATE TABLE edge_revocation (
  source            TEXT    NOT NULL,
  domain_controller TEXT    NOT NULL,
  at                INTEGER NOT NULL,
  by                TEXT    NOT NULL,
  reason            TEXT,
  PRIMARY KEY (source, domain_controller)
) STRICT, WITHOUT ROWID;
