-- How long an upgrade waits for each lock, in milliseconds: readers' locks, too, since it alters what they read.
select set_config('lock_timeout', %(milliseconds)s::text, true) as lock_timeout
