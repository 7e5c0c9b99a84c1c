WITH lines AS (
    SELECT
        job_run_date AS date,
        organization_id,
        COALESCE(organization_name, '(none)') AS organization,
        pipeline_trigger_user_id AS user_id,
        is_unregistered_user AS is_unregistered,
        CAST(0 AS DECIMAL(38, 18)) AS credits,
        CAST(0 AS DECIMAL(38, 18)) AS cost
    FROM job_runs
    UNION ALL
    SELECT date, organization_id, organization, NULL, NULL, credits, cost
    FROM daily_costs
    WHERE credit_type = 'user'
), named AS (
    SELECT
        CAST(DATE_TRUNC('month', CAST(date AS TIMESTAMP)) AS DATE) AS month,
        -- Without an id, only the name tells organizations apart.
        CASE WHEN organization_id IS NULL THEN organization END AS name_without_id,
        lines.*
    FROM lines
)
SELECT
    month,
    organization_id,
    MAX(organization) AS organization,
    COUNT(DISTINCT user_id) AS active_users,
    COUNT(DISTINCT CASE WHEN is_unregistered THEN user_id END) AS unregistered_users,
    SUM(credits) AS seat_credits,
    SUM(cost) AS seat_cost
FROM named
GROUP BY month, organization_id, name_without_id
