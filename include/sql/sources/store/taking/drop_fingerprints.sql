-- Who is gone has none. O(persons gone).
delete from captures.fingerprints as f
where f.contact_id = any(%(gone)s::bigint [])
