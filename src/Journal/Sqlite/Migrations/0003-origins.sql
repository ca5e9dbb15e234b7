-- The change that our last write to an account carried: the account that it was captured of, and its stamp there.
ALTER TABLE account ADD COLUMN origin_source TEXT;
ALTER TABLE account ADD COLUMN origin_guid BLOB CHECK (length(origin_guid) = 16);
ALTER TABLE account ADD COLUMN origin_generation INTEGER;
ALTER TABLE account ADD COLUMN origin_version INTEGER;
ALTER TABLE account ADD COLUMN origin_second INTEGER;
ALTER TABLE account ADD COLUMN origin_invocation BLOB CHECK (length(origin_invocation) = 16
  AND (origin_source IS NULL) = (origin_guid IS NULL)
  AND (origin_source IS NULL) = (origin_generation IS NULL)
  AND (origin_source IS NULL) = (origin_version IS NULL)
  AND (origin_source IS NULL) = (origin_second IS NULL)
  AND (origin_source IS NULL) = (origin_invocation IS NULL));
