-- Watches that have something to tell a destination, and how much: alerts, and those that were taken back after it had them.
select
    alert.watch,
    count(*) filter (where alert.retracted_at is null) as alerts,
    count(*) filter (where alert.retracted_at is not null) as taken_back
from audit.alerts as alert
where
    (
        alert.delivered_at is null
        and alert.retracted_at is null
        and not alert.delivered_to @> array[%(destination)s]
    )
    or (
        alert.retracted_at is not null
        and cardinality(alert.retraction_told_to) < cardinality(alert.delivered_to)
        and alert.delivered_to @> array[%(destination)s]
        and not alert.retraction_told_to @> array[%(destination)s]
    )
group by alert.watch
order by alert.watch
