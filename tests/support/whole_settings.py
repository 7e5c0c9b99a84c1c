"""A settings file in which every section is set."""

WHOLE = """\
currency: USD
list_price_per_credit: 0.0006
pricing:
  - from: 2026-05-01
    price_per_credit: 0.00054
    by_credit_type: {storage: 0.0005, user: 0.0006}
  - {from: 2025-11-01, to: 2026-04-30, price_per_credit: 0.0006}
included_credits: {per: month, amount: 30000}
teams:
  - {name: payments, projects: ["pay-*", "acme/billing"], budget: {per: month, amount: 800}}
  - {name: mobile, projects: ["ios-*"], jobs: ["*macos*"], branches: ["release/*"]}
  - {name: mobile, jobs: ["ios-*"]}
shared_costs: {credit_types: [user], projects: ["ci-tools"], split: fixed, weights: {payments: 66.5,
mobile: 33.5}}
tags:
  cost_center: {payments: 0471, unallocated: "none"}
  product:
    - {value: checkout, projects: ["pay-*"], not: {branches: ["test/*"]}}
    - {value: apps, teams: [mobile], executors: [macos]}
budgets: [{name: everything, per: month, amount: 5000}]
default_branches: [production, "release/*", main]
people:
  show: names
  hash: true
  users: {7bc3345f-0000-4000-8000-000000000001: {name: Jane Doe, team: payments}}
units: {deploy: {jobs: ["deploy-*"], workflows: [release]}}
rates: [{executor: docker, name: medium, credits_per_minute: 9.5}]
notify:
  - {name: finance, email: {to: [finance@example.com]}, when: [always, first_import]}
  - {name: payments, slack: {webhook_env: PAY_WEBHOOK}, teams: [payments], when: [threshold]}
"""
