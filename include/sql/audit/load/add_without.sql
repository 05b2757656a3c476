-- Put in the entries without an event that are not there already. O(new rows).
insert into audit.entries_without_event (
    entry_id, account_id, contact_id, occurred_at, action, author_type, author_id, author_name, ip_address, channel, reason,
    window_start, window_end, run_id, merged_into, on_behalf_of
)
select
    n.entry_id, n.account_id, n.contact_id, n.occurred_at, n.action, n.author_type, n.author_id, n.author_name,
    n.ip_address, n.channel, n.reason, n.window_start, n.window_end, n.run_id, n.merged_into, n.on_behalf_of
from incoming_without as n
on conflict (entry_id, window_end) do nothing
