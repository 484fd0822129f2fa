"""exercise-cds: a CDS Hooks service that suggests exercise programs for low back pain from declarative rules."""

__version__ = "0.1.0"
