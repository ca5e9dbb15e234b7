-- The deliveries that have failed and are tried again. Those of before come in with their next failure.
CREATE TABLE failing (
  identity_id uuid   NOT NULL,
  point       text   NOT NULL,
  since       bigint NOT NULL,
  PRIMARY KEY (identity_id, point)
);
CREATE INDEX failing_by_time ON failing (since);
