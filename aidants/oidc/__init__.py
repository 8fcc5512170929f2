"""OpenID Connect: sign-in through a provider, and the provider for tests."""
