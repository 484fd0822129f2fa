"""Who asks: tokens, keys, replay. Hands over a `Client` and nothing else of the token."""
