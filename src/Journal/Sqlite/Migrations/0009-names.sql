-- Every name that a capture of the identity bore, in lower case; those of before have only the letters A to Z so. In the place of indexes for which every event that is written had to be read as JSON.
CREATE TABLE known_name (
  name        TEXT NOT NULL,
  identity_id BLOB NOT NULL CHECK (length(identity_id) = 16),
  PRIMARY KEY (name, identity_id)
) STRICT, WITHOUT ROWID;

INSERT OR IGNORE INTO known_name (name, identity_id)
  SELECT lower(n.value), e.identity_id FROM event AS e, json_each(e.body, '$.change.names') AS n
  WHERE e.kind = 'capture-accepted.1' AND n.key IN ('distinguishedName', 'samAccountName', 'userPrincipalName', 'mail') AND n.value <> '';
INSERT OR IGNORE INTO known_name (name, identity_id)
  SELECT lower(n.value), s.identity_id FROM snapshot AS s, json_each(s.body, '$.newest.names') AS n
  WHERE n.key IN ('distinguishedName', 'samAccountName', 'userPrincipalName', 'mail') AND n.value <> '';
INSERT OR IGNORE INTO known_name (name, identity_id)
  SELECT lower(json_extract(body, '$.trace.accountName')), identity_id FROM event
  WHERE kind IN ('capture-ignored.1', 'capture-reported.1') AND json_extract(body, '$.trace.accountName') <> '';

DROP INDEX event_by_login;
DROP INDEX event_by_upn;
DROP INDEX event_by_mail;
DROP INDEX event_by_dn;
DROP INDEX snapshot_by_login;
DROP INDEX snapshot_by_upn;
DROP INDEX snapshot_by_mail;
DROP INDEX snapshot_by_dn;
