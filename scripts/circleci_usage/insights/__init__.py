"""What CircleCI knows that no export says: tests, by Insights, and the names of users."""
