"""Statistics, plots and exports."""
