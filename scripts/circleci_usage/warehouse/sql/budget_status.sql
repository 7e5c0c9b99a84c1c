WITH spending AS (
    SELECT
        CAST(DATE_TRUNC('month', CAST(date AS TIMESTAMP)) AS DATE) AS month,
        currency,
        team,
        SUM(cost) AS cost,
        MAX(date) AS through
    FROM daily_costs
    WHERE date IS NOT NULL
    GROUP BY 1, 2, 3
), months AS (
    SELECT month, currency, MAX(through) AS through
    FROM spending
    GROUP BY month, currency
), spent AS (
    SELECT
        months.month,
        months.currency,
        months.through,
        budgets.name,
        budgets.team,
        budgets.amount,
        COALESCE(SUM(spending.cost), 0) AS spent
    FROM budgets
    CROSS JOIN months
    LEFT JOIN spending
        ON spending.month = months.month
        AND spending.currency = months.currency
        AND (budgets.team IS NULL OR spending.team = budgets.team)
    WHERE budgets.per = 'month'
    GROUP BY 1, 2, 3, 4, 5, 6
)
SELECT month, name, team, currency, amount, spent, amount - spent AS remaining, through
FROM spent
