-- One capture is taken at a time: waits for the one at work, until this transaction ends. Of a table that only taking writes, in a mode
-- that only who may write it can ask for: an advisory lock is open to everybody who can log in.
lock table captures.held in share row exclusive mode
