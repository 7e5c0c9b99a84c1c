SELECT
    CAST(DATE_TRUNC('month', CAST(date AS TIMESTAMP)) AS DATE) AS month,
    organization_id, organization, project_id, project, workflow,
    CAST(SUM(runs) AS BIGINT) AS runs,
    CAST(SUM(succeeded) AS BIGINT) AS succeeded,
    CAST(SUM(failed) AS BIGINT) AS failed,
    CAST(SUM(canceled) AS BIGINT) AS canceled
FROM workflow_days
GROUP BY 1, 2, 3, 4, 5, 6
