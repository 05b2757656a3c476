-- Register the adapter that fills this database, if none is yet; waits for another run that is registering one.
insert into audit.source (adapter)
values (%(adapter)s)
on conflict do nothing
