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
  - name: mobile
    jobs: ["ios-*"]
    organizations: ["acme*"]
    workflows: [ci]
    resource_classes: ["macos.*"]
    executors: [macos]
    triggers: [webhook]
    not: {jobs: ["*-lint"], branches: ["renovate/*"]}
splits: [{projects: [mono], not: {jobs: [docs]}, among: {payments: 33.3333, mobile: 66.6667}}]
shared_costs: {credit_types: [user], projects: ["ci-tools"], split: fixed, weights: {payments: 66.5,
mobile: 33.5}}
tags:
  cost_center: {payments: 0471, unallocated: "none"}
  product:
    - {value: checkout, projects: ["pay-*"], not: {branches: ["test/*"]}}
    - {value: apps, teams: [mobile], executors: [macos]}
budgets:
  - {name: everything, per: month, amount: 5000}
  - {name: api, per: week, organization: acme, project: api, credits: 9000, thresholds: [50, 99.5]}
  - {name: seats, per: year, team: mobile, tag: {cost_center: 0471}, credit_type: user, amount: 9}
  - {name: runs, per: quarter, exclude_credit_types: [user, storage], amount: 9}
default_branches: [production, "release/*", main]
people:
  show: names
  hash: true
  users: {7bc3345f-0000-4000-8000-000000000001: {name: Jane Doe, team: payments}}
units: {deploy: {jobs: ["deploy-*"], workflows: [release]}}
plans:
  - name: open source
    organizations: [acme-oss]
    projects: ["*"]
    not: {projects: [private]}
    pricing: [{from: 2025-11-01, price_per_credit: 0}]
    included_credits: {per: month, amount: 400000}
    billing_cycle_day: 15
purchases: [{date: 2026-03-01, credits: 1000000, price: 540, plan: open source}]
commitments:
  - {from: 2026-01-01, to: 2026-12-31, credits: 12000000, overage_price_per_credit: 0.0006}
  - {from: 2026-01-01, to: 2026-12-31, amount: 7000, plan: open source}
savings:
  minimum: 2.5
  dismissals:
    - {reason: the new class is being tried, until: 2026-12-31, kinds: [next generation]}
    - {reason: it has to fail, projects: [acme/chaos], workflows: [nightly], jobs: ["break-*"]}
rates: [{executor: docker, name: medium, credits_per_minute: 9.5}]
notify:
  - {name: finance, email: {to: [finance@example.com]}, when: [always, first_import]}
  - {name: payments, slack: {webhook_env: PAY_WEBHOOK}, teams: [payments], when: [threshold]}
"""
