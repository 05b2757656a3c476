-- What the events of one contact, or of all that it consists of, can be filtered by, and how many they are. One row.
-- authors: [[kind, id, name, events], ...], most events first, at most 100. O(their events).
with chosen as materialized (
    select
        logged.author_type,
        logged.author_id,
        logged.author_name,
        logged.channel,
        logged.attribution,
        logged.fields
    from audit.contact_audit_log as logged
    where logged.contact_id = any(%(contacts)s::text [])
),

author as (
    select
        chosen.author_type,
        chosen.author_id,
        max(chosen.author_name) as author_name,
        count(*) as events
    from chosen
    where coalesce(chosen.author_id, chosen.author_name) is not null
    group by
        chosen.author_type,
        chosen.author_id,
        case when chosen.author_id is null then chosen.author_name end
    order by count(*) desc, chosen.author_type asc, chosen.author_id asc
    limit 100
)

select
    count(*) as events,
    count(*) filter (where chosen.attribution = 'unattributed') as unattributed,
    coalesce(array_agg(distinct chosen.channel) filter (where chosen.channel is not null), '{}') as channels,
    (
        select
            coalesce(
                jsonb_agg(
                    jsonb_build_array(author.author_type, author.author_id, author.author_name, author.events)
                    order by author.events desc, author.author_name asc
                ),
                '[]'
            )
        from author
    ) as authors,
    (
        select coalesce(array_agg(distinct field.name), '{}')
        from (select changed.fields from chosen as changed) as listed
        cross join lateral jsonb_array_elements_text(listed.fields) as field (name)
    ) as fields
from chosen
