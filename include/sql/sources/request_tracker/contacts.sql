-- Every user of Request Tracker as they are now, one row each. In scope is who is a member of the group Unprivileged, or was one before
-- the journal says that this was changed. The primary phone is the first one filled: mobile, work, home.
-- O(users + values of their custom fields).
with
unprivileged as (
    select distinct member.memberid
    from cachedgroupmembers as member
    inner join groups as own on member.groupid = own.id
    where lower(own.domain::text) = 'systeminternal' and lower(own.name::text) = 'unprivileged'
),

switched as (
    select distinct t.objectid
    from transactions as t
    where t.objecttype = 'RT::User' and t.type = 'Set' and t.field = 'Privileged'
),

fields as (
    -- Two fields of one name are told apart by the later one's id.
    select
        f.id,
        f.maxvalues <> 1 as many,
        f.name || case when row_number() over (partition by f.name order by f.id) > 1 then ' #' || f.id else '' end as key
    from customfields as f
    where f.lookuptype = 'RT::User' and f.name <> ''
),

values_held as (
    select
        v.objectid,
        f.key,
        case when f.many then jsonb_agg(x.content order by v.sortorder, v.id) else jsonb_agg(x.content order by v.id desc) -> 0 end
            as content
    from objectcustomfieldvalues as v
    inner join fields as f on v.customfield = f.id
    cross join lateral (select coalesce(nullif(v.content, ''), nullif(v.largecontent, '')) as content) as x
    where v.objecttype = 'RT::User' and v.disabled = 0 and x.content is not null
    group by v.objectid, f.key, f.many
),

held as (
    select
        v.objectid,
        jsonb_object_agg(v.key, v.content) as custom_fields
    from values_held as v
    group by v.objectid
),

merged as (
    select
        a.objectid,
        min(trim(a.content)::bigint) as merged_into
    from attributes as a
    where a.objecttype = 'RT::User' and a.name = 'EffectiveId' and a.content ~ '^\s*[0-9]{1,18}\s*$'
    group by a.objectid
)

select
    u.id::bigint as contact_id,
    0::bigint as account_id,
    nullif(u.realname::text, '') as name,
    nullif(u.emailaddress::text, '') as email,
    coalesce(nullif(u.mobilephone::text, ''), nullif(u.workphone::text, ''), nullif(u.homephone::text, '')) as primary_phone,
    coalesce(h.custom_fields, '{}'::jsonb) as custom_fields,
    u.created at time zone 'UTC' as created_at,
    coalesce(p.disabled, 0) <> 0 or m.merged_into is not null as deleted,
    un.memberid is not null or s.objectid is not null as in_scope,
    m.merged_into
from users as u
left join principals as p on u.id = p.id
left join unprivileged as un on u.id = un.memberid
left join switched as s on u.id = s.objectid
left join held as h on u.id = h.objectid
left join merged as m on u.id = m.objectid and u.id <> m.merged_into
where u.id <> 1
