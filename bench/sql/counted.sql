-- How many events the log holds.
select count(*) as events from audit.contact_audit_log
