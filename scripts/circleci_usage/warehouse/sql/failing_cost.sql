SELECT
    CAST(DATE_TRUNC('month', CAST(date AS TIMESTAMP)) AS DATE) AS month,
    organization_id, organization, project_id, project, workflow, job,
    status,
    currency,
    SUM(credits) AS credits,
    SUM(contracted_cost) AS contracted_cost,
    SUM(cost) AS cost,
    CAST(SUM(CASE WHEN credit_type = 'compute' THEN job_runs ELSE 0 END) AS BIGINT) AS compute_runs
FROM daily_costs
WHERE status IN ('failed', 'canceled')
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
