-- Say that this transaction appends to the ledger, until it ends.
select l.number
from audit.locks as l
where l.purpose = 'ledger'
for share
