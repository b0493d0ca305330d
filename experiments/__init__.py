"""What we measure with the snippets: one question a module."""
