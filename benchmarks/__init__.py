"""Programs that measure time; no test and no build runs them."""
