-- Which class a property of users links to: as the tracker's schema says, else as the classes' journals tell.
select
    said.found[1] as property,
    said.found[2] as class
from schema as s
cross join lateral regexp_matches(
    substring(s.schema from '''user'': \((?:(?!\]\)).)*'),
    '\(''([^'']*)'', ''<roundup\.hyperdb\.(?:Link|Multilink) to "([^"]*)">''\)',
    'g'
) as said (found)
union
select
    j.property,
    j.class
from linked_by_journal as j
where j.property is not null
