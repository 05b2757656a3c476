-- Chatwoot's audits of contacts with an id above %(after)s, oldest first: most editions write none. The author's name and role are as at
-- first sight. O(audits after the id).
select
    a.id::bigint as entry_id,
    a.auditable_id::bigint as contact_id,
    a.created_at::timestamp at time zone 'UTC' as occurred_at,
    jsonb_build_object(
        'action', a.action,
        'changes', to_jsonb(a.audited_changes),
        'account_id', coalesce(case when a.associated_type = 'Account' then a.associated_id end, c.account_id),
        'composed', coalesce(nullif(to_jsonb(c) ->> 'middle_name', ''), nullif(to_jsonb(c) ->> 'last_name', '')) is not null,
        'user_id', a.user_id,
        'user_type', a.user_type,
        'username', a.username,
        'name', u.name,
        'role', r.role,
        'remote_address', a.remote_address
    ) as raw
from audits as a
left join contacts as c on a.auditable_id = c.id
left join users as u on a.user_type = 'User' and a.user_id = u.id
left join account_users as r
    on
        a.user_type = 'User'
        and a.user_id = r.user_id
        and r.account_id = coalesce(case when a.associated_type = 'Account' then a.associated_id end, c.account_id)
where a.auditable_type = 'Contact' and a.id > %(after)s
order by a.id
