"""From a `Decision` to cards in the words of CDS Hooks. Pure."""
