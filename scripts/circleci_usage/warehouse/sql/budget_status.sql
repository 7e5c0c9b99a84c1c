WITH spending AS (
    SELECT
        date,
        CAST(DATE_TRUNC('month', CAST(date AS TIMESTAMP)) AS DATE) AS month,
        currency,
        team,
        SUM(cost) AS cost
    FROM daily_costs
    WHERE date IS NOT NULL
    GROUP BY 1, 2, 3, 4
), limits AS (
    SELECT budgets.*, COALESCE(cycle_day, 1) AS begins_on
    FROM budgets
), months AS (
    SELECT month FROM spending
    UNION
    SELECT CAST(month - INTERVAL '1 month' AS DATE) FROM spending
), lengths AS (
    SELECT
        month,
        CAST(month + INTERVAL '1 month' AS DATE) - month AS days
    FROM months
), starts AS (
    SELECT DISTINCT begins_on, month + CAST(LEAST(begins_on, days) - 1 AS INTEGER) AS first_day
    FROM limits
    CROSS JOIN lengths
), periods AS (
    SELECT spending.date, spending.currency, begins_on, MAX(first_day) AS first_day
    FROM spending
    JOIN starts ON starts.first_day <= spending.date
    GROUP BY 1, 2, 3
), lasts AS (
    SELECT begins_on, first_day, currency, MAX(date) AS through
    FROM periods
    GROUP BY 1, 2, 3
), spent AS (
    SELECT periods.begins_on, periods.first_day, periods.currency, team, SUM(cost) AS cost
    FROM periods
    JOIN spending
        ON spending.date = periods.date
        AND spending.currency = periods.currency
    GROUP BY 1, 2, 3, 4
), compared AS (
    SELECT
        lasts.first_day,
        limits.name,
        limits.team,
        limits.per,
        lasts.currency,
        limits.amount,
        lasts.through,
        COALESCE(SUM(spent.cost), 0) AS spent
    FROM limits
    JOIN lasts ON lasts.begins_on = limits.begins_on
    LEFT JOIN spent
        ON spent.begins_on = limits.begins_on
        AND spent.first_day = lasts.first_day
        AND spent.currency = lasts.currency
        AND (limits.team IS NULL OR spent.team = limits.team)
    GROUP BY 1, 2, 3, 4, 5, 6, 7
)
SELECT
    first_day, name, team, per, currency, amount, spent, amount - spent AS remaining, through
FROM compared
