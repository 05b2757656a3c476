-- The span of the newest events, so many: start (included), end (not included).
select
    (
        select event.occurred_at
        from audit.contact_audit_log as event
        order by event.occurred_at desc
        offset %(events)s - 1
        limit 1
    ) as span_start,
    (select max(event.occurred_at) + interval '1 microsecond' from audit.contact_audit_log as event) as span_end
