-- From here on this transaction writes nothing but its own temporary tables. One row.
select set_config('transaction_read_only', 'on', true) as read_only
