"""How the chart is rendered for its checks: by the real Helms, or, where no Go is at hand, by Helm's SDK as a Python library."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml

CHART = Path(__file__).resolve().parents[1] / "exercise-cds"
ROOT = CHART.parents[1]
CI = sorted((CHART / "ci").glob("*-values.yaml"))
RELEASE, NAMESPACE = "cds", "clinical"
KUBERNETES = ("1.27.0", "1.30.0", "1.34.0", "1.37.0")
"""The oldest that the chart takes, the first with a `sleep` before the end, one in wide use, the newest with schemas."""
USUAL = KUBERNETES[2]


class Refused(Exception):
    """What Helm says where it renders nothing."""


class Renderer(Protocol):
    """One Helm."""

    name: str
    knows_versions: bool

    def render(self, values: Sequence[Path], *, kubernetes: str = USUAL) -> str:
        """The manifests. Raises Refused."""
        ...

    def lint(self, values: Sequence[Path]) -> None:
        """Raises Refused."""
        ...


@dataclass(frozen=True, slots=True)
class Binary:
    """Helm's own command."""

    name: str
    path: str
    knows_versions: bool = True

    def render(self, values: Sequence[Path], *, kubernetes: str = USUAL) -> str:
        """`helm template`."""
        return self._run("template", RELEASE, CHART, "--namespace", NAMESPACE, "--kube-version", kubernetes, *_options(values))

    def lint(self, values: Sequence[Path]) -> None:
        """`helm lint --strict`."""
        self._run("lint", "--strict", CHART, "--kube-version", USUAL, *_options(values))

    def package(self, folder: Path) -> Path:
        """`helm package`."""
        self._run("package", CHART, "--destination", folder)
        (made,) = folder.glob("*.tgz")
        return made

    def _run(self, *arguments: str | Path) -> str:
        done = subprocess.run([self.path, *map(str, arguments)], capture_output=True, text=True, check=False, env=_home())
        if done.returncode:
            raise Refused(done.stdout + done.stderr)
        return done.stdout


class Library:
    """Helm 4's SDK; it renders for one version of Kubernetes, its own."""

    name = "helm-python-sdk"
    knows_versions = False

    def render(self, values: Sequence[Path], *, kubernetes: str = USUAL) -> str:  # noqa: ARG002 - it cannot choose
        """Every template that is no note."""
        import helm_python  # noqa: PLC0415 - 130 MB that only a machine without Go needs

        try:
            with helm_python.Chart.load(CHART) as chart:
                rendered = chart.render(merged(values), name=RELEASE, namespace=NAMESPACE)
        except helm_python.HelmError as fault:
            raise Refused(str(fault)) from None
        return "\n---\n".join(text for path, text in sorted(rendered.items()) if path.endswith(".yaml"))

    def lint(self, values: Sequence[Path]) -> None:
        """As strict as the command."""
        import helm_python  # noqa: PLC0415 - 130 MB that only a machine without Go needs

        report = helm_python.lint(CHART, merged(values), strict=True, kube_version=f"v{USUAL}")
        if report["errors"]:
            raise Refused("\n".join(report["errors"]))


def merged(files: Iterable[Path]) -> dict[str, Any]:
    """Values files, later ones over earlier ones, as Helm merges them."""
    whole: dict[str, Any] = {}
    for file in files:
        _merge(whole, yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    return whole


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def _options(values: Sequence[Path]) -> list[str]:
    return [part for file in values for part in ("--values", str(file))]


def _home() -> dict[str, str]:
    """No plugin and no setting of whoever runs this."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("HELM_")}
    return {**ours, "HELM_CONFIG_HOME": "/nonexistent", "HELM_PLUGINS": "/nonexistent"}


def objects(manifests: str) -> list[dict[str, Any]]:
    """The objects, in an order of their own."""
    found = [document for document in yaml.load_all(manifests, Loader=_Strict) if document]
    return sorted(found, key=lambda item: (item["kind"], item["metadata"]["name"], item["apiVersion"]))


class _Strict(yaml.SafeLoader):
    """Refuses a key that stands twice: servers that merge would, too."""


def _mapping(loader: _Strict, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key) for key, _ in node.value]
    if twice := {key for key in keys if keys.count(key) > 1}:
        raise Refused(f"{twice} stand twice in one mapping: {node.start_mark}")
    return {loader.construct_object(key): loader.construct_object(value, deep=True) for key, value in node.value}


_Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def helms() -> list[Renderer]:
    """The Helms that tools/chart-lane found; the library where it found none."""
    named = (("Helm 3", "HELM3"), ("Helm 4", "HELM4"))
    found: list[Renderer] = [Binary(name, os.environ[variable]) for name, variable in named if os.environ.get(variable)]
    return found or [Library()]
