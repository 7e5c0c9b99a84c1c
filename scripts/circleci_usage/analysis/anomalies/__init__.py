"""Cost anomalies: days that cost far more than expected, in a project, a job or all together.

A day is compared with the series' own days (see `outliers`). It is an anomaly when it is beyond
them, and by at least `minimum` and 30% of what was expected, so that pennies never alert. Sources:
the anomaly rules of FinOps tools (OptScale's 30%; minimum amounts as in Microsoft's FinOps toolkit
and Vantage).

A job costs more evenly than its project, so jobs are judged too, given how busy the rest of the
project was. So is a job that is new and expensive, unless its project is new or it replaced another
job. Each day is explained once: by a project with the job behind it, else by the job, else by all
projects together. Monthly charges are left out.

`job_series` holds costs by job and day, `unusual_days` and `new_jobs` find the anomalies,
`main_driver` the job behind it, `find` puts them together.
"""

from circleci_usage.analysis.anomalies.find import MINIMUM, Anomaly, MainDriver, find_anomalies

__all__ = ["MINIMUM", "Anomaly", "MainDriver", "find_anomalies"]
