-- Take a lane, if nobody is in it, until this transaction ends. One row where it was free, else none.
select l.number
from audit.locks as l
where
    l.purpose = 'lane'
    and l.number = %(lane)s
for update skip locked
