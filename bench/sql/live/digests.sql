-- The digests of all persons, added up: what the database does for a capture at the least.
select sum(hashtextextended(p::text, 0))
from person as p
