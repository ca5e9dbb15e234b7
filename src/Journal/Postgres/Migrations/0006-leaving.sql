-- A node that is about to leave lives, and what it still owns is nobody else's; but the others share the rest without it.
ALTER TABLE node ADD COLUMN is_leaving boolean NOT NULL DEFAULT false;
