"""What tests share: real services and tools, started once and always stopped."""
