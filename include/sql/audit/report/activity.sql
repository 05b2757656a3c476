-- A contact's newest events, newest first, one row each.
-- O(rows returned).
select
    activity.occurred_at,
    activity.occurred_after,
    activity.author_type,
    activity.author_id,
    activity.author_name,
    host(activity.ip_address) as ip_address,
    activity.channel,
    activity.activity,
    activity.attribution,
    activity.on_behalf_of,
    coalesce(jsonb_array_length(activity.candidates), 0) as candidates
from audit.contact_activity as activity
where activity.contact_id = %(contact_id)s
order by activity.occurred_at desc, activity.window_end desc, activity.sequence desc
limit %(most)s
