-- The blocks that become others go before they are written. O(blocks given).
delete from captures.fingerprint_blocks as b
where b.block = any(%(blocks)s::bigint [])
