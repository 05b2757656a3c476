-- What the doctor asks of Airflow's metadata: each DAG's state, and the slots of the pool. One row.
select
    (
        select coalesce(jsonb_object_agg(
            dag.dag_id,
            case when dag.has_import_errors then 'broken' when dag.is_paused then 'paused' else 'active' end
        ), '{}')
        from dag
        where not coalesce(dag.is_stale, false)
    ) as dags,
    (
        select slot_pool.slots
        from slot_pool
        where slot_pool.pool = 'helpdesk_db'
    ) as pool_slots
