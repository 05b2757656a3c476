-- What all destinations that there are now have is delivered, though one that is no more may never have had it.
update audit.alerts
set delivered_at = now()
where
    delivered_at is null
    and retracted_at is null
    and delivered_to <> '{}'
    and delivered_to @> %(destinations)s::text []
