"""checkov over everything that the chart renders: 0 failures, but those that are listed here with their reason.

    python hardening.py FOLDER      the folder of rendered files, one for each values file

A reason that no failure needs any more is an error, too.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one check may fail for some objects."""

    check: str
    file: str
    resource: str
    why: str

    def covers(self, failure: dict[str, str]) -> bool:
        """Whether it speaks of this failure."""
        return failure["check_id"] == self.check and self.file in failure["file_path"] and self.resource in failure["resource"]


REASONS = (
    Reason("CKV_K8S_8", "", "Pod.", "the pod of `helm test` runs once and ends: there is nothing to keep alive"),
    Reason("CKV_K8S_9", "", "Pod.", "nobody calls the pod of `helm test`"),
    Reason(
        "CKV_K8S_35",
        "",
        "Deployment.",
        "libpq refuses a password file that fsGroup lets the group read, so PostgreSQL's password is a variable from a Secret; "
        "every other secret is a file",
    ),
    Reason("CKV_K8S_40", "/openshift.yaml", "", "OpenShift gives each namespace its own high user; one that is named would be refused"),
)


def failures(folder: Path) -> list[dict[str, str]]:
    """What checkov finds. Raises CalledProcessError where it cannot run, ValueError where it saw nothing."""
    command = [sys.executable, "-m", "checkov.main", "--directory", str(folder), "--framework", "kubernetes"]
    done = subprocess.run(
        [*command, "--output", "json", "--quiet", "--compact", "--skip-download"], capture_output=True, text=True, check=False
    )
    if done.returncode not in {0, 1}:
        raise subprocess.CalledProcessError(done.returncode, command, stderr=done.stderr)
    report = json.loads(done.stdout)
    if report["summary"]["passed"] < 500 or report["summary"]["parsing_errors"]:
        raise ValueError(f"checkov did not read everything: {report['summary']}")
    print(f"checkov: {report['summary']['passed']} checks passed on {report['summary']['resource_count']} objects")
    found: list[dict[str, str]] = report["results"]["failed_checks"]
    return found


def main(arguments: list[str]) -> int:
    """Exit 1 for a failure without a reason, and for a reason without a failure."""
    found = failures(Path(arguments[0]))
    bare = [failure for failure in found if not any(reason.covers(failure) for reason in REASONS)]
    stale = [reason for reason in REASONS if not any(reason.covers(failure) for failure in found)]
    for failure in bare:
        print(f"{failure['file_path']}: {failure['resource']}: {failure['check_id']} {failure['check_name']}")
    for reason in stale:
        print(f"hardening.py: nothing fails {reason.check} any more; take its reason away")
    print(f"checkov: {len(bare)} failures; {len(found) - len(bare)} with a reason ({', '.join(reason.check for reason in REASONS)})")
    return 1 if bare or stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
