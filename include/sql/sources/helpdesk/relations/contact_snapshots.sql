-- The rows of captures, one a contact and capture: the source's constraints keep this key. Costs nothing.
select c.* -- noqa: AM04
from contact_rows as c
