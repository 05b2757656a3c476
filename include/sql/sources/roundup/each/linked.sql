-- Which properties of users link to one class, as its journal tells; asked only where the tracker's own schema is not to be seen.
select distinct
    substring(j.params from ', ''([^'']*)''\)$') as property,
    %(name)s::text as class
from %(table)s as j
where
    not exists (select from schema as s where s.schema is not null)
    and j.action = 'link'
    and starts_with(j.params, '(''user'', ')
