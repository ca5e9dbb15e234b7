-- Token buckets over all nodes: what each held at a time of the server's clock.
CREATE TABLE rate_bucket (
  name text             NOT NULL PRIMARY KEY,
  held double precision NOT NULL,
  at   timestamptz      NOT NULL
) WITH (fillfactor = 50);
