"""Writes what the image is made of as a CycloneDX bill of materials: `tools/sbom FILE`.

cyclonedx-bom reads the checkout's `.venv`; of what it finds, what requirements/runtime.txt pins is kept, since that is what the image
installs (a test holds both locks to the same versions), and each gets the hashes by which it was installed. The base image has a bill of
its own.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "runtime.txt"
VERSION = re.compile(r'^__version__ = "(.+)"$', re.MULTILINE)


def canonical(name: str) -> str:
    """A package's name as PyPI compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked() -> dict[str, tuple[str, list[str]]]:
    """Name -> version and SHA-256 sums of everything that the image may install."""
    entries = re.split(r"\n(?=\S)", LOCK.read_text(encoding="utf-8"))
    found = {}
    for entry in entries:
        if head := re.match(r"([\w.-]+)==([^\s;]+)", entry):
            found[canonical(head.group(1))] = (head.group(2), re.findall(r"--hash=sha256:([0-9a-f]{64})", entry))
    return found


def installed(python: Path) -> dict[str, Any]:
    """The bill of everything in that venv."""
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "application"]
    command += ["--sv", "1.6", "--output-reproducible", str(python)]
    done = subprocess.run(command, check=True, capture_output=True, cwd=ROOT)  # noqa: S603 - the library's own command
    bill: dict[str, Any] = json.loads(done.stdout)
    return bill


def of_image(bill: dict[str, Any], pins: dict[str, tuple[str, list[str]]]) -> dict[str, Any]:
    """The same bill, of the image alone. Raises ValueError where the venv is not of this lock."""
    kept = [part for part in bill["components"] if canonical(part["name"]) in pins]
    for part in kept:
        version, sums = pins[canonical(part["name"])]
        if part["version"] != version:
            raise ValueError(f"{part['name']} is {part['version']} in .venv and {version} in {LOCK.name}: run tools/set-up")
        part["purl"] = f"pkg:pypi/{canonical(part['name'])}@{version}"  # durable-rules came from our own wheel, and has none
        part["externalReferences"] = [
            *(found for found in part.get("externalReferences", []) if not found["url"].startswith("file:")),
            {
                "type": "distribution",
                "url": part["purl"],
                "comment": "one of these files was installed",
                "hashes": [{"alg": "SHA-256", "content": digest} for digest in sums],
            },
        ]
    names = {part["bom-ref"] for part in kept} | {bill["metadata"]["component"]["bom-ref"]}
    dependencies = [
        {"ref": entry["ref"], **({"dependsOn": on} if (on := [ref for ref in entry.get("dependsOn", []) if ref in names]) else {})}
        for entry in bill["dependencies"]
        if entry["ref"] in names
    ]
    (own_version,) = VERSION.findall((ROOT / "service" / "exercise_cds" / "__init__.py").read_text(encoding="utf-8"))
    component = {**bill["metadata"]["component"], "version": own_version}
    return {**bill, "metadata": {**bill["metadata"], "component": component}, "components": kept, "dependencies": dependencies}


def main(arguments: list[str]) -> int:
    """Write the file, or say why not."""
    # only the tool's own venv has them
    from cyclonedx.schema import SchemaVersion  # type: ignore[import-not-found] # noqa: PLC0415 - see above
    from cyclonedx.validation.json import JsonStrictValidator  # type: ignore[import-not-found] # noqa: PLC0415 - see above

    if len(arguments) != 1:
        print("tools/sbom needs one argument: the file to write", file=sys.stderr)
        return 2
    try:
        bill = of_image(installed(ROOT / ".venv" / "bin" / "python"), locked())
    except (ValueError, subprocess.CalledProcessError) as fault:
        print(f"tools/sbom: {getattr(fault, 'stderr', b'').decode() or fault}", file=sys.stderr)
        return 1
    text = json.dumps(bill, indent=1, sort_keys=True) + "\n"
    if wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        print(f"tools/sbom: what was written is no CycloneDX 1.6: {wrong}", file=sys.stderr)
        return 1
    Path(arguments[0]).write_text(text, encoding="utf-8")
    print(f"tools/sbom: {len(bill['components'])} components in {arguments[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
