-- One class of the tracker: what its items are called.
select
    %(name)s::text as class,
    c.id,
    c.%(label)s::text as label
from %(table)s as c
