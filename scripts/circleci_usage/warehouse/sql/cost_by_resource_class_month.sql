SELECT
    CAST(DATE_TRUNC('month', CAST(date AS TIMESTAMP)) AS DATE) AS month,
    organization_id, organization, project_id, project, operating_system, executor, resource_class,
    currency,
    SUM(credits) AS credits,
    SUM(free_credits) AS free_credits,
    SUM(unpriced_credits) AS unpriced_credits,
    SUM(list_cost) AS list_cost,
    SUM(contracted_cost) AS contracted_cost,
    SUM(cost) AS cost
FROM daily_costs
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
