-- Every so many'th person changes, and the journal tells.
update person as p
set phone = '+49 40 ' || p.id || ' ' || %(number)s
where p.id %% %(one_of)s = %(number)s;

insert into log (person, at, author, items)
select
    p.id,
    clock_timestamp(),
    '9',
    '[{"field": "primary_phone"}]'
from person as p
where p.id %% %(one_of)s = %(number)s;
