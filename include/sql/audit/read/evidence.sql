-- What an event rests on, beyond its own row: the windows in which its captures were loaded; of its candidates those that
-- made another event, or none, with their authors; and how often it was superseded. One row.
-- O(windows loaded + the contact's events between the captures).
select
    (
        select jsonb_build_array(max(ledger.window_start), max(ledger.window_end))
        from audit.ledger
        where ledger.captures @> array[%(previous_snapshot_id)s::bigint]
    ) as previous_window,
    (
        select
            coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'entry_id', known.entry_id,
                        'author_type', known.author_type,
                        'author_id', known.author_id,
                        'author_name', known.author_name,
                        'event_id', known.event_id,
                        'occurred_at', known.occurred_at
                    )
                    order by known.entry_id
                ),
                '[]'
            )
        from (
            select
                other.journal_entry_id as entry_id,
                other.author_type,
                other.author_id,
                other.author_name,
                other.event_id,
                other.occurred_at
            from audit.contact_audit_log as other
            where
                other.contact_id = %(contact_id)s
                and other.occurred_at between %(occurred_after)s and %(occurred_at)s
                and to_jsonb(other.journal_entry_id) <@ %(candidates)s::jsonb
        ) as known
    ) as known_candidates,
    (
        select count(*)
        from audit.superseded_events as former
        where former.event_id = %(event_id)s::uuid
    ) as superseded
