"""The persons helped: identity sealed under a key of their own, found through blind indexes."""
