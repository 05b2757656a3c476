-- What of the captures and labels cannot be used: the row, and why, where that is no other row's doing. At most 1,000 of each kind.
-- O(captures + custom fields).
(
    select
        'snapshots' as relation,
        r.whole,
        coalesce(
            r.snapshot_id_fault,
            case
                when r.captured_at is null then 'captured_at is null'
                when
                    r.captured_at < '0002-01-01 00:00:00+00' or r.captured_at >= '9999-01-01 00:00:00+00'
                    then 'captured_at lies beyond the years 2 to 9998'
                when r.kind is null or r.kind not in ('full', 'changed') then 'kind is neither full nor changed'
                else 'its snapshot_id or captured_at stands for another capture, too'
            end
        ) as reason
    from read_snapshots as r
    where
        not exists (
            select 1
            from snapshots as s
            where s.snapshot_id = r.snapshot_id
        )
    order by r.snapshot_id asc, r.whole collate "C" asc
    limit 1000
)
union all
(
    select
        'custom_fields' as relation,
        r.whole,
        coalesce(r.account_id_fault, 'field_key, label or field_type is null') as reason
    from read_custom_fields as r
    where
        r.account_id is null
        or r.field_key is null
        or r.label is null
        or r.field_type is null
    order by r.whole collate "C" asc
    limit 1000
)
