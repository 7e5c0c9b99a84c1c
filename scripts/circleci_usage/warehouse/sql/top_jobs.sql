WITH jobs AS (
    SELECT
        CAST(DATE_TRUNC('month', CAST(date AS TIMESTAMP)) AS DATE) AS month,
        organization_id, organization, project_id, project, workflow, job,
        currency,
        SUM(credits) AS credits,
        SUM(cost) AS cost,
        CAST(SUM(CASE WHEN credit_type = 'compute' THEN job_runs ELSE 0 END) AS BIGINT)
            AS compute_runs
    FROM daily_costs
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
)
SELECT
    month,
    RANK() OVER (PARTITION BY month, currency ORDER BY cost DESC NULLS LAST) AS rank,
    organization_id, organization, project_id, project, workflow, job,
    currency, credits, cost, compute_runs
FROM jobs
