"""What the chart renders, for every values file of ci/, by every Helm that is at hand, for four versions of Kubernetes."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from renders import CI, KUBERNETES, NAMESPACE, ROOT, USUAL, Binary, Renderer, helms, objects

HELMS = helms()
OF_CRDS = {"Certificate", "CiliumNetworkPolicy", "ExternalSecret", "HTTPRoute", "PrometheusRule", "Route", "ServiceMonitor"}
"""Kinds whose schema no Kubernetes brings; the unit tests assert their fields."""

by_helm = pytest.mark.parametrize("helm", HELMS, ids=lambda helm: helm.name)
by_file = pytest.mark.parametrize("values", CI, ids=lambda file: file.stem.removesuffix("-values"))
by_version = pytest.mark.parametrize("kubernetes", KUBERNETES)


@cache
def _rendered(helm: Renderer, values: Path, kubernetes: str) -> list[dict[str, Any]]:
    return objects(helm.render([values], kubernetes=kubernetes))


def _walk(node: Any) -> Iterator[Any]:
    yield node
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _walk(part)


def _pods(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        item["spec"] if item["kind"] == "Pod" else item["spec"]["template"]["spec"]
        for item in found
        if item["kind"] in {"Pod", "Deployment"}
    ]


def test_there_are_enough_examples() -> None:
    """At least ten values files show how the chart is used, and each begins with a sentence."""
    assert len(CI) >= 10
    for file in CI:
        assert file.read_text(encoding="utf-8").startswith("# "), file


@by_file
@by_helm
def test_every_example_passes_lint(helm: Renderer, values: Path) -> None:
    """`helm lint --strict` finds nothing."""
    helm.lint([values])


@pytest.mark.skipif(len(HELMS) < 2, reason="only one Helm is at hand")
@by_version
@by_file
def test_both_helms_render_the_same(values: Path, kubernetes: str) -> None:
    """Helm 3 and Helm 4 render the same objects."""
    first, second = (_rendered(helm, values, kubernetes) for helm in HELMS)
    assert first == second


@by_version
@by_file
def test_kubernetes_knows_every_field(values: Path, kubernetes: str) -> None:
    """Every object that is not of a CRD is valid, and has no unknown field, in this version."""
    helm = HELMS[-1]
    if not helm.knows_versions and kubernetes != KUBERNETES[-1]:
        pytest.skip("the library renders for the newest version only")
    seen = 0
    for item in _rendered(helm, values, kubernetes):
        if item["kind"] in OF_CRDS:
            continue
        kubernetes_validate.validate(item, kubernetes.rpartition(".")[0], strict=True)
        seen += 1
    assert seen >= 5


@by_file
def test_every_object_has_its_place(values: Path) -> None:
    """Each object names its namespace, and no two are one."""
    found = _rendered(HELMS[-1], values, USUAL)
    assert all(item["metadata"].get("namespace") == NAMESPACE for item in found if "labels" in item["metadata"])
    names = [(item["kind"], item["metadata"]["name"]) for item in found]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 63 for _, name in names)


@by_file
def test_no_name_stands_twice(values: Path) -> None:
    """No list of variables, ports, volumes, mounts or containers has one name twice: the server's merge would refuse it."""
    for pod in _pods(_rendered(HELMS[-1], values, USUAL)):
        for node in _walk(pod):
            if isinstance(node, list) and node and all(isinstance(part, dict) for part in node):
                for key in ("mountPath",) if "mountPath" in node[0] else ("name",):
                    names = [part[key] for part in node if key in part]
                    assert len(set(names)) == len(names), names
        assert {mount["name"] for box in _boxes(pod) for mount in box.get("volumeMounts", [])} == {
            volume["name"] for volume in pod["volumes"]
        }


def _boxes(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod.get("initContainers", []), *pod["containers"]]


@by_file
def test_services_find_the_pods(values: Path) -> None:
    """Every selector of a Service, policy, budget and the Deployment matches the pods' labels; a Service's ports exist."""
    found = _rendered(HELMS[-1], values, USUAL)
    (deployment,) = (item for item in found if item["kind"] == "Deployment")
    template = deployment["spec"]["template"]
    labels = template["metadata"]["labels"]
    ports = {port["name"] for port in template["spec"]["containers"][0]["ports"]}
    for item in found:
        spec = item.get("spec", {})
        selector = (
            spec.get("selector") if item["kind"] == "Service" else spec.get("selector", spec.get("podSelector", {})).get("matchLabels")
        )
        if item["metadata"].get("annotations", {}).get("helm.sh/hook") or item["kind"] in {"ServiceMonitor", *OF_CRDS}:
            continue
        assert not selector or selector.items() <= labels.items(), item["metadata"]["name"]
        if item["kind"] == "Service":
            assert {port["targetPort"] for port in spec["ports"]} <= ports


@by_file
def test_no_secret_is_rendered(values: Path) -> None:
    """The chart makes no Secret, and no variable of its pods holds a password in the open."""
    found = _rendered(HELMS[-1], values, USUAL)
    assert not [item for item in found if item["kind"] == "Secret"]
    for pod in _pods(found):
        for variable in (line for box in _boxes(pod) for line in box.get("env", [])):
            # a file's path is no password
            assert "PASSWORD" not in variable["name"] or variable["name"].endswith("_FILE") or "valueFrom" in variable


@by_file
def test_the_service_takes_its_settings(values: Path, tmp_path: Path) -> None:
    """The settings file that the chart writes, with the variables of its pods, is one that the service starts with."""
    found = _rendered(HELMS[-1], values, USUAL)
    (deployment,) = (item for item in found if item["kind"] == "Deployment")
    box = deployment["spec"]["template"]["spec"]["containers"][0]
    variables = {line["name"]: line.get("value", "postgresql+psycopg://somebody@somewhere/records") for line in box["env"]}
    written = [item for item in found if item["kind"] == "ConfigMap" and "exercise-cds.yaml" in item["data"]]
    file = tmp_path / "exercise-cds.yaml"
    file.write_text(written[0]["data"]["exercise-cds.yaml"] if written else "base_url: https://cds.example.org\n", encoding="utf-8")
    ours = {name: value for name, value in variables.items() if name.startswith("EXERCISE_CDS_")}
    script = "import json; from exercise_cds.settings import load; print(load().model_dump_json())"
    done = subprocess.run(
        [ROOT / ".venv" / "bin" / "python", "-c", script],
        env={"PATH": os.environ["PATH"], **ours, "EXERCISE_CDS_CONFIG": str(file)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    settings = json.loads(done.stdout)
    assert settings["host"] == variables["EXERCISE_CDS_HOST"]
    assert settings["metrics_port"] == 9090
    assert settings["rules"] == variables["EXERCISE_CDS_RULES"]
    if written:
        config = yaml.safe_load(written[0]["data"]["exercise-cds.yaml"])
        assert [client["issuer"] for client in settings["clients"]] == [client["issuer"] for client in config["clients"]]


@pytest.mark.skipif(not isinstance(HELMS[0], Binary), reason="needs Helm itself")
@by_helm
def test_the_package_holds_what_it_needs(helm: Binary, tmp_path: Path) -> None:
    """`helm package` makes one file, with templates, schema, README and the smoke test, and without the unit tests."""
    with tarfile.open(helm.package(tmp_path)) as package:
        listed = package.getnames()
    for name in ("Chart.yaml", "values.yaml", "values.schema.json", "README.md", "files/smoke.py", "templates/deployment.yaml"):
        assert f"exercise-cds/{name}" in listed
    assert not [name for name in listed if name.startswith("exercise-cds/tests/")]
