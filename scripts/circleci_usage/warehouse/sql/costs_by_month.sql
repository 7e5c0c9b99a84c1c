SELECT
    CAST(DATE_TRUNC('month', CAST(date AS TIMESTAMP)) AS DATE) AS month,
    $keys,
    currency,
    $sums
FROM daily_costs
GROUP BY $places
