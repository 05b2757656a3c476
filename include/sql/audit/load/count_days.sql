-- Count the days whose events have changed, for audit.daily_activity. One row: how many. O(events of these days).
select audit.count_days() as days
