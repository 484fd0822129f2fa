"""The door for EHRs, browsers and operators: Flask."""
