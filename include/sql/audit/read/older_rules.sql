-- How many windows an older version of the rules loaded, and what renews them. One row. O(such windows), by index.
select
    status.windows_of_older_rules,
    status.renew_older_rules
from audit.sync_status as status
