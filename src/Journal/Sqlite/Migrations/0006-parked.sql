-- The deliveries that are parked now. In the place of an index for which every event that is written had to be read as JSON.
CREATE TABLE parked (
  identity_id BLOB    NOT NULL CHECK (length(identity_id) = 16),
  point       TEXT    NOT NULL,
  since       INTEGER NOT NULL,
  PRIMARY KEY (identity_id, point)
) STRICT, WITHOUT ROWID;
CREATE INDEX parked_by_time ON parked (since);

-- Events of parked deliveries are younger than the maximum age, so that retention has not removed them.
INSERT INTO parked (identity_id, point, since)
  SELECT p.identity_id, json_extract(p.body, '$.point'), p.at FROM event p
  WHERE json_extract(p.body, '$.sequel.sequel') = 'park'
    AND NOT EXISTS (SELECT 1 FROM event l WHERE l.identity_id = p.identity_id AND l.seq > p.seq AND json_extract(l.body, '$.point') = json_extract(p.body, '$.point'));
DROP INDEX event_parked;
