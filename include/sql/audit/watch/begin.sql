-- How far watches have looked, for this transaction alone until it ends; the first time, they begin at what is there. One row.
insert into audit.watching (position, since_position)
select
    coalesce(max(load.position), 0),
    coalesce(max(load.position), 0)
from audit.loads as load
on conflict do nothing;

select
    watching.position,
    watching.since_position,
    (
        select min(load.position)
        from audit.loads as load
        where load.position > watching.position
    ) as next_position
from audit.watching as watching
for update
