-- Request Tracker's transactions about users with an id above %(after)s, oldest first, with all that is looked up at first sight: the
-- author, a custom field's name and values by reference, and the phones as they were after the transaction.
-- O(transactions after the id), each with a few look-ups by index (objecttype, objectid).
with
fields as (
    select
        f.id,
        f.maxvalues <> 1 as many,
        f.name || case when row_number() over (partition by f.name order by f.id) > 1 then ' #' || f.id else '' end as key
    from customfields as f
    where f.lookuptype = 'RT::User' and f.name <> ''
),

internal as (
    select
        own.id,
        lower(own.name::text) as name
    from groups as own
    where lower(own.domain::text) = 'systeminternal' and lower(own.name::text) in ('privileged', 'unprivileged')
),

fresh as (
    select t.*
    from transactions as t
    where
        t.objecttype = 'RT::User'
        and t.id > %(after)s
        and (
            t.type in ('Create', 'CustomField', 'Disabled', 'Enabled')
            or (
                t.type = 'Set'
                and t.field in ('RealName', 'EmailAddress', 'MobilePhone', 'WorkPhone', 'HomePhone', 'Privileged', 'Comments')
            )
        )
),

authors as (
    select
        u.id,
        jsonb_build_object(
            'id', u.id,
            'login', u.name,
            'name', u.realname,
            'privileged', exists (
                select from cachedgroupmembers as m inner join internal as g on m.groupid = g.id
                where m.memberid = u.id and g.name = 'privileged'
            ),
            'unprivileged', exists (
                select from cachedgroupmembers as m inner join internal as g on m.groupid = g.id
                where m.memberid = u.id and g.name = 'unprivileged'
            ),
            'superuser', exists (
                select
                from acl as a
                inner join cachedgroupmembers as m on a.principalid = m.groupid and m.disabled = 0
                where m.memberid = u.id and a.rightname = 'SuperUser'
            )
        ) as author
    from users as u
    where u.id in (select f.creator from fresh as f)
)

select
    t.id::bigint as entry_id,
    t.objectid::bigint as contact_id,
    coalesce(birth.created, t.created) at time zone 'UTC' as occurred_at,
    jsonb_build_object(
        'type', t.type,
        'field', t.field,
        -- What is written about a person in the comments is nobody's business here; only a merge's target is.
        'old', case when t.field is distinct from 'Comments' then t.oldvalue end,
        'new', case when t.field is distinct from 'Comments' then t.newvalue end,
        'long', t.referencetype is not distinct from 'RT::ObjectContent',
        'creator', t.creator,
        'author', a.author,
        'key', f.key,
        'many', f.many,
        'has_old', t.oldreference is not null,
        'has_new', t.newreference is not null,
        'found_old', before.id is not null,
        'found_new', after.id is not null,
        'old_content', coalesce(nullif(before.content, ''), before.largecontent),
        'new_content', coalesce(nullif(after.content, ''), after.largecontent),
        'at_creation', birth.id is not null,
        'phones', case when t.type = 'Set' and t.field in ('MobilePhone', 'WorkPhone', 'HomePhone') then phones.afterwards end,
        'merged_into', case when t.field = 'Comments' then merge.into_id end
    ) as raw
from fresh as t
left join users as u on t.objectid = u.id
left join authors as a on t.creator = a.id
left join fields as f on t.type = 'CustomField' and f.id::text = t.field
left join objectcustomfieldvalues as before
    on t.referencetype = 'RT::ObjectCustomFieldValue' and t.oldreference = before.id
left join objectcustomfieldvalues as after
    on t.referencetype = 'RT::ObjectCustomFieldValue' and t.newreference = after.id
left join lateral (
    -- The creation that a first value belongs to: its own transactions follow it, the last maybe in the next second.
    select
        b.id,
        b.created
    from transactions as b
    where
        t.type = 'CustomField' and t.oldreference is null
        and b.objecttype = 'RT::User' and b.objectid = t.objectid and b.type = 'Create' and b.id < t.id
        and b.creator = t.creator and t.created - b.created between interval '0' and interval '1 second'
        and not exists (
            select
            from transactions as other
            where
                other.objecttype = 'RT::User' and other.objectid = t.objectid and other.id > b.id and other.id < t.id
                and (other.type <> 'CustomField' or other.oldreference is not null or other.creator <> t.creator)
        )
    order by b.id desc
    limit 1
) as birth on true
cross join lateral (
    -- Each phone right after the transaction: what the next one that sets it found there, else what is there now.
    select
        jsonb_object_agg(
            part.field,
            case
                when part.field = t.field then t.newvalue
                else coalesce(
                    (
                        select jsonb_build_object('was', next.oldvalue)
                        from transactions as next
                        where
                            next.objecttype = 'RT::User' and next.objectid = t.objectid
                            and next.type = 'Set' and next.field = part.field and next.id > t.id
                        order by next.id
                        limit 1
                    ),
                    jsonb_build_object('was', part.present)
                ) ->> 'was'
            end
        ) as afterwards
    from (
        values
        ('MobilePhone', u.mobilephone), ('WorkPhone', u.workphone), ('HomePhone', u.homephone)
    ) as part (field, present)
    where t.type = 'Set' and t.field in ('MobilePhone', 'WorkPhone', 'HomePhone')
) as phones
cross join lateral (
    -- The extension MergeUsers writes "Merged into <address> (<id>)" at the end of the merged user's comments.
    select min(trim(m.content)) as into_id
    from attributes as m
    where
        t.field = 'Comments' and m.objecttype = 'RT::User' and m.objectid = t.objectid and m.name = 'EffectiveId'
        and m.content ~ '^\s*[0-9]{1,18}\s*$'
        and t.newvalue ~* ('merged into [^\n]*\(' || trim(m.content) || '\)\s*$')
) as merge
order by t.id
