-- One property of users with several values.
select
    l.nodeid,
    %(name)s::text as property,
    l.linkid
from %(table)s as l
