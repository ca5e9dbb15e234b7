-- What an edge told of itself, and edges whose certificates up to a time are refused for ever.
ALTER TABLE edge
  ADD COLUMN certificate_until bigint,
  ADD COLUMN spool bigint;

CREATE TABLE edge_revocation (
  source            text   NOT NULL,
  domain_controller text   NOT NULL,
  at                bigint NOT NULL,
  by                text   NOT NULL,
  reason            text,
  PRIMARY KEY (source, domain_controller)
);
