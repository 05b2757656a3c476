-- Wait until whoever is appending to the ledger has committed, so that no smaller sequence can follow a greater one unseen; held
-- until this transaction ends.
select l.number
from audit.locks as l
where l.purpose = 'ledger'
for update
