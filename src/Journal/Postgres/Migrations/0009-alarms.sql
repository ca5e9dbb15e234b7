-- What stood wrong at an edge when it last told of itself, and when that was: one node hears it, and every node is asked.
ALTER TABLE edge
  ADD COLUMN alarms    text,
  ADD COLUMN alarms_at bigint;
