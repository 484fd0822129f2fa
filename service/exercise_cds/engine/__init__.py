"""From facts to a `Decision`: two evaluators that must agree, doubt, and law 1. Pure: no network, no clock."""
