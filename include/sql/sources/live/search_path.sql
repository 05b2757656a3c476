-- Where the helpdesk's tables are looked for, within this transaction, whatever the reading user's own setting. One row.
select set_config('search_path', %(schema)s, true) as search_path
