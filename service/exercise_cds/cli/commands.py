"""The list of commands, one module each. A command is loaded when it is called: `--help` and `--version` answer at once."""

from __future__ import annotations

import errno
import gc
from importlib import import_module
from types import ModuleType

import click

from exercise_cds import __version__

COMMANDS = {
    "call": ("exercise_cds.cli.call", "Ask a service as an EHR would, and show its cards."),
    "check": ("exercise_cds.cli.check", "Say every mistake of a rule pack, each at its line."),
    "test": ("exercise_cds.cli.test", "Run a rule pack's cases; what they leave unseen and would not notice."),
    "schema": ("exercise_cds.cli.schema", "JSON Schemas of a pack's files, for editors."),
    "new": ("exercise_cds.cli.new", "Write a commented, valid start of a pack, rule, program, case or value set."),
    "fmt": ("exercise_cds.cli.fmt", "Put a pack's files into one form; comments stay."),
    "explain": ("exercise_cds.cli.explain", "Show why a request gets the cards it gets."),
    "watch": ("exercise_cds.cli.watch", "Check and test a rule pack on every save."),
    "docs": ("exercise_cds.cli.docs", "Write a rule pack as pages for a review committee."),
    "diff": ("exercise_cds.cli.diff", "Say what a new version of a rule pack means, and for whom."),
    "conformance": ("exercise_cds.cli.conformance", "Examine any CDS Hooks service from outside."),
    "serve": ("exercise_cds.cli.serve", "Serve CDS Hooks."),
    "registration": ("exercise_cds.cli.registration", "Print what an EHR's team needs to register this service."),
    "report": ("exercise_cds.cli.records", "Write what a committee learns from the records."),
    "export": ("exercise_cds.cli.records", "Write all records as files."),
    "verify": ("exercise_cds.cli.records", "Check that the records are whole."),
    "backup": ("exercise_cds.cli.records", "Copy the SQLite database while it is in use."),
    "purge": ("exercise_cds.cli.records", "Remove records that are older than their days."),
    "forget": ("exercise_cds.cli.records", "Remove every record of one patient."),
}
"""Name -> module with a command of that name (or `name_command`, where the name means something else there), and its line in the list."""


class Refused(click.ClickException):
    """The disk did not let a command do its work."""

    exit_code = 2


class Commands(click.Group):
    """Reads the table above."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """In the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Load the module of one command."""
        if cmd_name not in COMMANDS:
            return None
        module = _loaded(COMMANDS[cmd_name][0])
        found: click.Command = getattr(module, f"{cmd_name}_command", None) or getattr(module, cmd_name)
        return found

    def invoke(self, ctx: click.Context) -> object:
        """Run the command. What the disk refuses is said in a sentence: no such file, no permission, no space."""
        try:
            return super().invoke(ctx)
        except OSError as refused:
            if refused.filename is None or refused.errno == errno.EPIPE:
                raise
            raise Refused(f"{refused.filename}: {refused.strerror}.") from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """The list, from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


def _loaded(name: str) -> ModuleType:
    """The module. What it loads is there to stay: looking for garbage in it, now and later, would be a seventh of a command's start."""
    gc.disable()
    try:
        return import_module(name)
    finally:
        gc.freeze()
        gc.enable()


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, "-V", "--version", prog_name="exercise-cds", message="%(prog)s %(version)s")
def main() -> None:
    """Suggest exercise programs for low back pain to EHRs, by CDS Hooks and declarative rules.

    Exit codes: 0 well, 1 something to mend (said in a sentence), 2 a command that is not understood.
    """
