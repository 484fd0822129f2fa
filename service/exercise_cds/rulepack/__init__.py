"""From an author's folder to a `RulePack`, or to findings with file, line and column. The only reader of YAML."""
