-- What reading the reference schema relies on besides: no name but the catalogue's is looked up along a path.
set local search_path = pg_catalog, pg_temp
