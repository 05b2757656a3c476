-- The journal's rows, each judged by itself; occurred_at and recorded_at may lie beyond what can be told, as asked for by index.
--   fault: why the row cannot be used; note: what it is used without; whole: the row as JSON text, where there is either
-- One row a row; costs nothing where the source has the contract's types.
select
    d.*,
    case when d.fault is not null or d.note is not null then d.whole_row end as whole
from (
    select
        m.*,
        coalesce(
            m.entry_id_fault,
            m.contact_id_fault,
            case when m.occurred_at is not null and m.occurred_at_told is null then 'occurred_at lies beyond the years 2 to 9998' end
        ) as fault,
        nullif(concat_ws(
            '; ',
            m.account_id_fault,
            case when m.recorded_at_told is null then 'recorded_at is null or lies beyond the years 2 to 9998' end
        ), '') as note
    from (
        select
            r.entry_id,
            r.contact_id,
            r.account_id,
            r.occurred_at,
            r.recorded_at,
            r.action,
            r.author_type,
            r.author_id,
            r.author_name,
            r.ip_address,
            r.channel,
            r.changes,
            r.entry_id_fault,
            r.contact_id_fault,
            r.account_id_fault,
            r.whole as whole_row,
            case
                when r.occurred_at >= '0002-01-01 00:00:00+00' and r.occurred_at < '9999-01-01 00:00:00+00'
                    then r.occurred_at
            end as occurred_at_told,
            case
                when r.recorded_at >= '0002-01-01 00:00:00+00' and r.recorded_at < '9999-01-01 00:00:00+00'
                    then r.recorded_at
            end as recorded_at_told
        from read_contact_journal as r
    ) as m
) as d
