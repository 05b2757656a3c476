-- There are no watches: when there are some again, they begin at what is there then.
delete from audit.watching
