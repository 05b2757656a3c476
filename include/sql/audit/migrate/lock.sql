-- One upgrade at a time: a lock that only who may write the schema's version can take, and only it can be kept waiting by. (Advisory
-- locks are open to everybody who can log in.) Held until the transaction ends.
lock table audit.schema_version in share row exclusive mode
