"""The benchmark: figures with their budgets, on real processes and the loopback interface; never a timed test."""
