-- Token buckets: what each held at a time.
CREATE TABLE rate_bucket (
  name TEXT    NOT NULL PRIMARY KEY,
  held REAL    NOT NULL,
  at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
