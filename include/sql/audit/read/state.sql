-- A contact as it was at a moment: one row, or none where nothing is known of it then. O(the contact's events).
select
    state.present,
    state.valid_from,
    state.occurred_after,
    state.name,
    state.email,
    state.primary_phone,
    state.custom_fields::text as custom_fields
from audit.contact_as_of(%(contact_id)s, %(at)s::timestamptz) as state
