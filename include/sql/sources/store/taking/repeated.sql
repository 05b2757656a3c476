-- One row a person, where the source gives several: which of them is chance, but always the same. O(rows that differ).
delete from incoming_contacts as i
using incoming_contacts as o
where
    i.contact_id = o.contact_id
    and (i.fingerprint, i.ctid) > (o.fingerprint, o.ctid)
