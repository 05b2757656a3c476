-- Mark the contacts deleted that a newer full capture does not mention. O(contacts).
update audit.contacts as c
set
    deleted = true,
    snapshot_id = %(snapshot_id)s
where
    not c.deleted
    and not exists (
        select 1
        from incoming_contacts as n
        where n.contact_id = c.contact_id
    )
