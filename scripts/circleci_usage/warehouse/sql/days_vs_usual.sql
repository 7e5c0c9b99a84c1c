WITH costs AS (
    SELECT
        date,
        organization_id, organization, project_id, project,
        currency,
        SUM(cost) AS cost
    FROM daily_costs
    WHERE credit_type <> 'user'
    GROUP BY 1, 2, 3, 4, 5, 6
), numbered AS (
    SELECT
        costs.*,
        DENSE_RANK() OVER (
            ORDER BY organization_id, organization, project_id, project, currency
        ) AS series
    FROM costs
), starts AS (
    SELECT series, MIN(date) AS first_date
    FROM numbered
    GROUP BY series
), compared AS (
    SELECT numbered.series, numbered.date, COALESCE(earlier.cost, 0) AS cost
    FROM numbered
    JOIN starts ON starts.series = numbered.series
    CROSS JOIN (VALUES (7), (14), (21), (28)) AS ago (days)
    LEFT JOIN numbered AS earlier
        ON earlier.series = numbered.series
        AND earlier.date = numbered.date - ago.days
    WHERE numbered.date - ago.days >= starts.first_date
), usual AS (
    SELECT
        series,
        date,
        PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY cost) AS cost,
        COUNT(*) AS compared_days
    FROM compared
    GROUP BY series, date
)
SELECT
    numbered.date,
    organization_id, organization, project_id, project,
    currency,
    numbered.cost,
    usual.cost AS usual_cost,
    numbered.cost - usual.cost AS excess,
    COALESCE(usual.compared_days, 0) AS compared_days
FROM numbered
LEFT JOIN usual
    ON usual.series = numbered.series
    AND usual.date = numbered.date
