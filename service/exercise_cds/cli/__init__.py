"""The door for rule authors and operators: the command `exercise-cds`."""
