-- The digests of persons in blocks of 1,024 ids. Of a million persons a capture reads and writes a thousand rows: one a person cost it as
-- much again as all else it does.

create table captures.fingerprint_blocks (
    block bigint primary key,
    contacts bytea not null,
    fingerprints bytea not null,
    present bytea not null,
    constraint somebody_is_in_it
    check (octet_length(present) between 1 and 1024),
    constraint all_have_a_digest
    check (octet_length(contacts) = 8 * octet_length(present) and octet_length(fingerprints) = octet_length(contacts))
);
alter table captures.fingerprint_blocks
alter column contacts set storage external,
alter column fingerprints set storage external,
alter column present set storage external;
comment on table captures.fingerprint_blocks is
'The persons that the source held at the newest capture, in blocks of neighbouring ids: what tells whether they have changed since.';
comment on column captures.fingerprint_blocks.block is 'The persons'' ids without their lowest 10 bits.';
comment on column captures.fingerprint_blocks.contacts is 'The ids, ascending: 8 bytes each, the highest first.';
comment on column captures.fingerprint_blocks.fingerprints is
'For each of them, in the same order, a digest of its row, made by the source: 8 bytes, the highest first.';
comment on column captures.fingerprint_blocks.present is
'For each of them one byte: 1 is neither deleted softly nor merged into another, 0 is.';

insert into captures.fingerprint_blocks (block, contacts, fingerprints, present)
select
    f.contact_id >> 10,
    string_agg(int8send(f.contact_id), ''::bytea order by f.contact_id),
    string_agg(int8send(f.fingerprint), ''::bytea order by f.contact_id),
    string_agg(boolsend(f.present), ''::bytea order by f.contact_id)
from captures.fingerprints as f
group by 1;

drop table captures.fingerprints;
