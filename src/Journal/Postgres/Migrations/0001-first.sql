-- Times are microseconds since 1970-01-01 UTC, those of nodes excepted, which are the database's own.

CREATE TABLE node (
  name         text        NOT NULL PRIMARY KEY,
  incarnation  uuid        NOT NULL,
  sessions     text        NOT NULL,
  addresses    text[]      NOT NULL,
  labels       text[]      NOT NULL,
  version      text        NOT NULL,
  began_at     timestamptz NOT NULL,
  heartbeat_at timestamptz NOT NULL,
  has_left     boolean     NOT NULL DEFAULT false
) WITH (fillfactor = 50);

-- The owner is null while nobody owns the shard. The epoch never falls.
CREATE TABLE shard (
  shard_id    integer NOT NULL PRIMARY KEY CHECK (shard_id >= 0),
  owner       text,
  incarnation uuid,
  epoch       bigint  NOT NULL DEFAULT 0,
  CHECK ((owner IS NULL) = (incarnation IS NULL))
) WITH (fillfactor = 50);

CREATE TABLE account (
  source             text    NOT NULL,
  object_guid        uuid    NOT NULL,
  identity_id        uuid    NOT NULL,
  shard_id           integer NOT NULL,
  intent_attempt_id  uuid,
  intent_until       bigint,
  written_generation integer,
  written_version    bigint,
  written_second     bigint,
  written_invocation uuid,
  PRIMARY KEY (source, object_guid),
  CHECK ((intent_attempt_id IS NULL) = (intent_until IS NULL)),
  CHECK ((written_generation IS NULL) = (written_version IS NULL)
     AND (written_generation IS NULL) = (written_second IS NULL)
     AND (written_generation IS NULL) = (written_invocation IS NULL))
) WITH (fillfactor = 80);

-- The time needs no order of its own: rows are added in the order of time, and a summary of each block range finds the oldest.
CREATE TABLE accepted (
  capture_id uuid    NOT NULL PRIMARY KEY,
  shard_id   integer NOT NULL,
  at         bigint  NOT NULL
);
CREATE INDEX accepted_by_time ON accepted USING brin (at) WITH (autosummarize = on);

CREATE TABLE inbox (
  seq         bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  shard_id    integer NOT NULL,
  identity_id uuid    NOT NULL,
  source      text    NOT NULL,
  object_guid uuid    NOT NULL,
  capture_id  uuid    NOT NULL,
  kind        text    NOT NULL,
  body        text    NOT NULL,
  at          bigint  NOT NULL
);

CREATE TABLE event (
  identity_id uuid    NOT NULL,
  seq         bigint  NOT NULL CHECK (seq >= 1),
  shard_id    integer NOT NULL,
  kind        text    NOT NULL,
  body        text    NOT NULL,
  at          bigint  NOT NULL,
  PRIMARY KEY (identity_id, seq)
);
CREATE INDEX event_by_time ON event USING brin (at) WITH (autosummarize = on);

CREATE TABLE snapshot (
  identity_id uuid    NOT NULL PRIMARY KEY,
  seq         bigint  NOT NULL CHECK (seq >= 1),
  shard_id    integer NOT NULL,
  kind        text    NOT NULL,
  body        text    NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE secret (
  capture_id uuid    NOT NULL PRIMARY KEY,
  shard_id   integer NOT NULL,
  envelope   bytea   NOT NULL,
  expires_at bigint  NOT NULL
);
-- A sealed envelope does not get smaller by compressing it.
ALTER TABLE secret ALTER COLUMN envelope SET STORAGE EXTERNAL;
CREATE INDEX secret_by_expiry ON secret (expires_at);

CREATE TABLE pending (
  identity_id uuid    NOT NULL PRIMARY KEY,
  shard_id    integer NOT NULL,
  due_at      bigint  NOT NULL
);
CREATE INDEX pending_by_due ON pending (due_at);

CREATE TABLE target_claim (
  point       text NOT NULL,
  target_key  text NOT NULL,
  identity_id uuid NOT NULL,
  PRIMARY KEY (point, target_key)
);
CREATE INDEX target_claim_by_identity ON target_claim (identity_id, point);

CREATE TABLE edge (
  source             text   NOT NULL,
  domain_controller  text   NOT NULL,
  certificate_serial text   NOT NULL,
  seen_at            bigint NOT NULL,
  version            text   NOT NULL,
  PRIMARY KEY (source, domain_controller)
);

CREATE TABLE config (
  version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  body    text   NOT NULL,
  at      bigint NOT NULL
);

-- Rows of these come and go: they are cleaned by number, long before a share of the table is dead.
ALTER TABLE inbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
ALTER TABLE pending SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
ALTER TABLE secret SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
ALTER TABLE shard SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
ALTER TABLE node SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
