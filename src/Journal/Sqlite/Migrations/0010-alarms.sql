-- What stood wrong at an edge when it last told of itself, and when that was.
ALTER TABLE edge ADD COLUMN alarms TEXT;
ALTER TABLE edge ADD COLUMN alarms_at INTEGER;
