-- The server's own encoding. One row.
select current_setting('server_encoding') as server_encoding
