-- None is held back any more.
update captures.held as h
set open = false
where h.open
