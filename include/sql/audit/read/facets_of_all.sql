-- What all contacts' events can be filtered by: the channels of the days since one, the fields that have a label or were
-- changed lately, and the authors of the newest events. One row; authors as in facets.sql. O(days + the newest events).
with newest as materialized (
    select
        logged.author_type,
        logged.author_id,
        logged.author_name,
        logged.fields
    from audit.contact_audit_log as logged
    order by logged.occurred_at desc
    limit 5000
),

author as (
    select
        newest.author_type,
        newest.author_id,
        max(newest.author_name) as author_name,
        count(*) as events
    from newest
    where coalesce(newest.author_id, newest.author_name) is not null
    group by
        newest.author_type,
        newest.author_id,
        case when newest.author_id is null then newest.author_name end
    order by count(*) desc, newest.author_type asc, newest.author_id asc
    limit 100
),

field as (
    select changed.name
    from (select listed.fields from newest as listed) as of_newest
    cross join lateral jsonb_array_elements_text(of_newest.fields) as changed (name)
    union
    select known.field as name
    from audit.field_labels as known
)

select
    (
        select coalesce(array_agg(distinct activity.channel), '{}')
        from audit.daily_activity as activity
        where
            activity.day >= %(since)s::date
            and activity.channel is not null
    ) as channels,
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
    (select coalesce(array_agg(field.name), '{}') from field) as fields
