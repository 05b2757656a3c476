-- The journal of users with ids of our own, for it has none: 2048 a microsecond since 2000, in the order of time; within one, a birth
-- first, then by a digest of the row. Links from elsewhere are left out: they are the other item's change.
select
    j.nodeid,
    j.date,
    j.tag,
    j.action,
    j.params,
    x.stem + row_number() over (partition by x.stem order by j.params) - 1 as entry_id
from user__journal as j
cross join lateral (
    select
        (extract(epoch from j.date - timestamp '2000-01-01') * 1000000)::bigint * 2048
        + case when j.action = 'create' then 0 else 1024 end
        + mod(('x' || substr(md5(concat_ws('|', j.nodeid, j.tag, j.action, j.params)), 1, 8))::bit(32)::bigint, 1000) as stem
) as x
where j.action in ('create', 'set', 'retired', 'restored') and j.nodeid is not null and isfinite(j.date)
