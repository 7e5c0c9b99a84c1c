"""What a change of CircleCI's config costs a month, from the history of its jobs.

`history` sums up what each job of a project used, `pairs` finds the jobs of the changed config in
the one before, `estimate` prices the difference. What is assumed is said with each job: the same
runs, as long as now. Where that is not enough to know a cost, the cost is not known.
"""
