"""Daily usage to owned costs: exact numbers, prices, included credits, teams."""
