-- The newest run of a DAG: state, seconds from trigger to end, tasks, seconds of tasks.
select
    r.state,
    coalesce(extract(epoch from r.end_date - r.queued_at), 0)::double precision as seconds,
    count(t.*) as tasks,
    coalesce(sum(extract(epoch from t.end_date - t.start_date)), 0)::double precision as task_seconds
from dag_run as r
left join task_instance as t on t.dag_id = r.dag_id and t.run_id = r.run_id
where r.dag_id = %(dag)s
group by r.id
order by r.id desc
limit 1
