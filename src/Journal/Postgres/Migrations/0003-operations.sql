-- For the operations people's questions. What is derived from the journal is written with it, in the same transaction, and only says where in it something stands.

CREATE TABLE operator (
  name       text   NOT NULL PRIMARY KEY,
  role       text   NOT NULL CHECK (role IN ('viewer', 'operator', 'administrator')),
  token_hash text   NOT NULL UNIQUE CHECK (length(token_hash) = 64),
  added_at   bigint NOT NULL
);

CREATE TABLE audit (
  number    bigint NOT NULL PRIMARY KEY CHECK (number >= 1),
  at        bigint NOT NULL,
  operator  text   NOT NULL,
  origin    text   NOT NULL,
  node      text   NOT NULL,
  operation text   NOT NULL,
  stage     text   NOT NULL,
  request   text   NOT NULL,
  before    text,
  after     text,
  hash      text   NOT NULL CHECK (length(hash) = 64)
);

CREATE TABLE point_switch (
  point    text    NOT NULL PRIMARY KEY,
  disabled boolean NOT NULL,
  by       text    NOT NULL,
  reason   text,
  since    bigint  NOT NULL
);

CREATE TABLE controller_name (
  source        text NOT NULL,
  invocation_id uuid NOT NULL,
  name          text NOT NULL,
  PRIMARY KEY (source, invocation_id)
);

-- Every name that an accepted change of the identity bore, with the letters A to Z in lower case.
CREATE TABLE known_name (
  name        text NOT NULL,
  identity_id uuid NOT NULL,
  PRIMARY KEY (name, identity_id)
);

-- The deliveries that are parked now.
CREATE TABLE parked (
  identity_id uuid   NOT NULL,
  point       text   NOT NULL,
  since       bigint NOT NULL,
  PRIMARY KEY (identity_id, point)
);
CREATE INDEX parked_by_time ON parked (since);

CREATE INDEX account_by_identity ON account (identity_id);
CREATE INDEX account_by_guid ON account (object_guid);

-- The place among the events of all identities. Numbers become visible out of order; who reads upwards waits until those before are settled.
ALTER TABLE event ADD COLUMN event_id bigint GENERATED ALWAYS AS IDENTITY;
CREATE UNIQUE INDEX event_by_number ON event (event_id);
DROP INDEX event_by_time;

-- Where a capture belongs that was accepted; null for those accepted by an earlier version.
ALTER TABLE accepted ADD COLUMN identity_id uuid;
