-- The columns that each index of the reference schema's tables begins with. One row an index; O(indexes).
select
    i.indrelid::regclass::text as relation,
    array_agg(a.attname::text order by k.place) as columns
from pg_index as i
cross join unnest(i.indkey::smallint []) with ordinality as k (attnum, place)
inner join pg_attribute as a
    on
        i.indrelid = a.attrelid
        and k.attnum = a.attnum
where i.indrelid in (to_regclass('helpdesk.contact_snapshots'), to_regclass('helpdesk.contact_journal'))
group by i.indexrelid, i.indrelid
