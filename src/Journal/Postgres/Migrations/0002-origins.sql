-- The change that our last write to an account carried: the account that it was captured of, and its stamp there.
ALTER TABLE account
  ADD COLUMN origin_source text,
  ADD COLUMN origin_guid uuid,
  ADD COLUMN origin_generation integer,
  ADD COLUMN origin_version bigint,
  ADD COLUMN origin_second bigint,
  ADD COLUMN origin_invocation uuid,
  ADD CHECK ((origin_source IS NULL) = (origin_guid IS NULL)
     AND (origin_source IS NULL) = (origin_generation IS NULL)
     AND (origin_source IS NULL) = (origin_version IS NULL)
     AND (origin_source IS NULL) = (origin_second IS NULL)
     AND (origin_source IS NULL) = (origin_invocation IS NULL));
