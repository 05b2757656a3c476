-- Keep what a verification found.
insert into audit.verifications (sequence, events, findings, first_findings)
values (%(sequence)s, %(events)s, %(findings)s, %(first_findings)s)
