"""values.yaml: every leaf is used, a misspelt one is refused, umbrella charts may pass theirs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from renders import CHART, CI, USUAL, Refused, helms

HELM = helms()[-1]
VALUES = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
SCHEMA = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))

CHANGED: dict[str, Any] = {
    "affinity": {"podAffinity": {}},
    "autoscaling.behavior.scaleDown.stabilizationWindowSeconds": 60,
    "autoscaling.minReplicas": 4,
    "certificate.enabled": False,
    "certificate.dnsNames": ["other.example.org"],
    "certificate.duration": "1h",
    "certificate.issuerRef": {"name": "other"},
    "certificate.renewBefore": "1h",
    "commonAnnotations": {"a": "b"},
    "commonLabels": {"a": "b"},
    "config.allowed_hosts": ["other.example.org"],
    "config.base_url": "https://other.example.org",
    "config.clients": [{"issuer": "https://other.example.org", "jku": "https://other.example.org/keys"}],
    "config.cors_origins": ["https://other.example.org"],
    "config.fhir.servers": ["https://other.example.org"],
    "config.handouts.base_url": "https://other.example.org",
    "config.link_hosts": ["other.example.org"],
    "config.named_services": ["other"],
    "config.operators.sign_on_proxies": ["192.0.2.9"],
    "config.rates.trusted_proxies": ["192.0.2.9"],
    "config.time_zone": "Europe/Paris",
    "config.traces.endpoint": "http://other.example.org:4318/v1/traces",
    "config.traces.percent": 10,
    "database.type": "sqlite",
    "database.sqlite.persistence.accessModes": ["ReadWriteOncePod"],
    "database.sqlite.persistence.annotations": {"a": "b"},
    "dnsConfig": {"searches": ["example.org"]},
    "dnsPolicy": "Default",
    "envFrom": [{"configMapRef": {"name": "a"}}],
    "extraEnv": [{"name": "OTHER", "value": "a"}],
    "extraObjects": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other"}}],
    "extraVolumeMounts": [{"name": "tmp", "mountPath": "/other"}],
    "extraVolumes": [{"name": "other", "emptyDir": {}}],
    "global.imagePullSecrets": ["other"],
    "hostAliases": [{"ip": "192.0.2.9", "hostnames": ["other"]}],
    "image.digest": f"sha256:{'9' * 64}",
    "imagePullSecrets": ["other"],
    "ingress.annotations": {"a": "b"},
    "ingress.enabled": False,
    "ingress.hosts": ["cds.example.org", "cds.example.org"],
    "ingress.paths": ["/other"],
    "ingress.tls": [{"secretName": "other", "hosts": ["cds.example.org"]}],
    "initContainers": [{"name": "other", "image": "other"}],
    "listenAddress": "192.0.2.1",
    "metrics.dashboard.annotations": {"a": "b"},
    "metrics.dashboard.labels.grafana_dashboard": "2",
    "metrics.prometheusRule.extraGroups": [{"name": "other", "rules": []}],
    "metrics.prometheusRule.labels": {"a": "b"},
    "metrics.serviceMonitor.interval": "5s",
    "metrics.serviceMonitor.labels": {"a": "b"},
    "metrics.serviceMonitor.metricRelabelings": [{"action": "keep"}],
    "metrics.serviceMonitor.relabelings": [{"action": "keep"}],
    "metrics.serviceMonitor.scrapeTimeout": "5s",
    "networkPolicy.cilium.enabled": False,
    "networkPolicy.cilium.ports": [8443],
    "networkPolicy.cilium.toFQDNs": [{"matchName": "other.example.org"}],
    "networkPolicy.egress.dns.ports": [54],
    "networkPolicy.egress.dns.to": [{"ipBlock": {"cidr": "192.0.2.9/32"}}],
    "networkPolicy.egress.ehr.cidrs": ["192.0.2.9/32"],
    "networkPolicy.egress.ehr.ports": [8443],
    "networkPolicy.egress.extra": [{"to": [{"ipBlock": {"cidr": "192.0.2.9/32"}}]}],
    "networkPolicy.egress.postgresqlTo": [{"ipBlock": {"cidr": "192.0.2.9/32"}}],
    "networkPolicy.egress.proxyTo": [{"ipBlock": {"cidr": "192.0.2.9/32"}}],
    "networkPolicy.ingress.from": [{"ipBlock": {"cidr": "192.0.2.9/32"}}],
    "networkPolicy.ingress.metricsFrom": [{"ipBlock": {"cidr": "192.0.2.9/32"}}],
    "nodeSelector": {"a": "b"},
    "overlay.inline": "settings: {}\n",
    "podAnnotations": {"a": "b"},
    "podDisruptionBudget.maxUnavailable": 2,
    "podDisruptionBudget.minAvailable": 1,
    "podLabels": {"a": "b"},
    "podSecurityContext.fsGroupChangePolicy": "Always",
    "podSecurityContext.seccompProfile.type": "Localhost",
    "proxy.https": "http://other.example.org:8080",
    "resources.limits.cpu": "2",
    "resources.limits.memory": "1Gi",
    "resources.requests.cpu": "200m",
    "resources.requests.memory": "300Mi",
    "route.main.additionalRules": [{"backendRefs": [{"name": "other", "port": 1}]}],
    "route.main.annotations": {"a": "b"},
    "route.main.enabled": False,
    "route.main.filters": [{"type": "ResponseHeaderModifier"}],
    "route.main.hostnames": ["other.example.org"],
    "route.main.labels": {"a": "b"},
    "route.main.matches": [{"path": {"type": "Exact", "value": "/other"}}],
    "route.main.parentRefs": [{"name": "other"}],
    "route.main.timeouts": {"request": "9s"},
    "rules.configMap.files": {"pack.yaml": "pack: other\n"},
    "rules.configMap.items": [{"key": "a", "path": "pack.yaml"}],
    "rules.image.path": "/other",
    "rules.ociImage.command": ["copy"],
    "rules.ociImage.digest": f"sha256:{'9' * 64}",
    "rules.ociImage.path": "/other",
    "rules.source": "volume",
    "rules.updateStrategy": "rollout",
    "rules.volume.spec": {"hostPath": {"path": "/other"}},
    "securityContext.capabilities.drop": ["NET_RAW"],
    "service.annotations": {"a": "b"},
    "service.labels": {"a": "b"},
    "service.loadBalancerSourceRanges": ["192.0.2.9/32"],
    "serviceAccount.annotations": {"a": "b"},
    "sidecars": [{"name": "other", "image": "other"}],
    "strategy": {"type": "Recreate"},
    "tests.example": "/other.json",
    "tmp.sizeLimit": "1Gi",
    "database.sqlite.persistence.size": "3Gi",
    "tolerations": [{"key": "other"}],
    "topologySpreadConstraints": [{"maxSkew": 2, "topologyKey": "a", "whenUnsatisfiable": "DoNotSchedule"}],
}
"""Leaf -> another value of its kind, where one cannot be made up from its type."""

TOGETHER: dict[str, dict[str, Any]] = {
    "metrics.prometheusRule.labels": {"metrics": {"prometheusRule": {"enabled": True}}},
    "metrics.prometheusRule.extraGroups": {"metrics": {"prometheusRule": {"enabled": True}}},
    "metrics.dashboard.labels.grafana_dashboard": {"metrics": {"dashboard": {"enabled": True}}},
    "metrics.dashboard.annotations": {"metrics": {"dashboard": {"enabled": True}}},
    "podDisruptionBudget.minAvailable": {"podDisruptionBudget": {"maxUnavailable": ""}},
    "rules.source": {"rules": {"volume": {"spec": {"emptyDir": {}}}}},
    "rules.ociImage.tag": {"rules": {"ociImage": {"digest": ""}}},
    "image.tag": {"image": {"digest": ""}},
    "service.nodePort": {"service": {"type": "NodePort"}},
    "service.externalTrafficPolicy": {"service": {"type": "NodePort"}},
    "rules.ociImage.registry": {"global": {"imageRegistry": ""}},
    "image.registry": {"global": {"imageRegistry": ""}},
    "database.postgresql.caCert.configMap": {"database": {"postgresql": {"caCert": {"secret": ""}}}},
    "database.postgresql.caCert.secret": {"database": {"postgresql": {"caCert": {"configMap": ""}}}},
    "existingConfig.configMap": {"existingConfig": {"secret": ""}},
    "existingConfig.secret": {"existingConfig": {"configMap": ""}},
    "extraCaCerts.configMap": {"extraCaCerts": {"secret": ""}},
    "extraCaCerts.secret": {"extraCaCerts": {"configMap": ""}},
    "config.authentication": {"config": {"unauthenticated_beyond_loopback": True, "allowed_hosts": ["a"]}},
    "config.operators.feedback_page": {"config": {"operators": {"sign_on_header": "X-User", "sign_on_proxies": ["192.0.2.9"]}}},
    "config.workbench.enabled": {"config": {"operators": {"sign_on_header": "X-User", "sign_on_proxies": ["192.0.2.9"]}}},
    "networkPolicy.egress.allowExternalHttps": {"networkPolicy": {"egress": {"ehr": {"cidrs": ["192.0.2.9/32"]}}}},
    "serviceAccount.name": {"serviceAccount": {"create": True}},
    "strategy": {"database": {"sqlite": {"persistence": {"enabled": False}}}},
    "tests.waitSeconds": {"tests": {"enabled": True}},
    "preStopSeconds": {"terminationGracePeriodSeconds": 60},
}
"""What a leaf needs beside it, so that it says something in one of the examples; where "" it is what the example says otherwise."""


def leaves(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value that has no parts."""
    if isinstance(node, dict) and node:
        for key, part in node.items():
            yield from leaves(part, (*path, key))
    else:
        yield path, node


def shape(path: tuple[str, ...]) -> dict[str, Any]:
    """The schema of one leaf."""
    found = SCHEMA
    for key in path:
        found = found.get("properties", {}).get(key) or found.get("additionalProperties") or {}
        found = found if isinstance(found, dict) else {}
    return found


def another(path: tuple[str, ...], value: Any) -> Any:
    """Another value of the same kind."""
    name = ".".join(path)
    if name in CHANGED:
        return CHANGED[name]
    if options := shape(path).get("enum"):
        return next(option for option in reversed(options) if option != value)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return "other"
    raise AssertionError(f"CHANGED needs another value for {name}")


def nested(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """{"a": {"b": value}}."""
    for key in reversed(path):
        value = {key: value}
    return value


@cache
def _plain(example: Path, beside: str) -> str:
    values = [example] if not beside else [example, Path(beside)]
    try:
        return HELM.render(values, kubernetes=USUAL)
    except Refused:
        return ""


@pytest.mark.parametrize(("path", "value"), list(leaves(VALUES)), ids=lambda part: ".".join(part) if isinstance(part, tuple) else "")
def test_every_leaf_is_used(path: tuple[str, ...], value: Any, tmp_path: Path) -> None:
    """Changing this value changes what at least one of the examples renders."""
    name = ".".join(path)
    change = tmp_path / "change.yaml"
    change.write_text(yaml.safe_dump(nested(path, another(path, value))), encoding="utf-8")
    beside: list[Path] = []
    if more := TOGETHER.get(name):
        beside = [tmp_path / "beside.yaml"]
        beside[0].write_text(yaml.safe_dump(more), encoding="utf-8")
    refusals = []
    # those that speak of it come first
    for example in sorted(CI, key=lambda file: f"{path[0]}:" not in file.read_text(encoding="utf-8")):
        try:
            changed = HELM.render([example, *beside, change], kubernetes=USUAL)
        except Refused as fault:
            refusals.append(str(fault))
            continue
        # what stands beside a change may be refused without it
        before = (_plain(example, str(beside[0])) if beside else "") or _plain(example, "")
        if before and before != changed:
            return
    raise AssertionError(f"{name} changes nothing in any example" + "".join(f"\n{words[:400]}" for words in refusals[:1]))


def test_every_leaf_is_in_the_schema() -> None:
    """The schema knows every value, and nothing that is no value."""
    assert set(SCHEMA["properties"]) - set(VALUES) == {"enabled"}
    for path, _ in leaves(VALUES):
        if path[0] not in {"global", "podSecurityContext", "securityContext"}:
            assert shape(path) or path[-2:] == ("scaleDown", "stabilizationWindowSeconds"), path


@pytest.mark.parametrize("path", ["replicas", "config.base_ulr", "database.postgresql.password", "rules.ociImage.tags", "ingress.hostname"])
def test_a_misspelt_value_is_refused(path: str, tmp_path: Path) -> None:
    """A value that the chart does not know fails at lint, by its name."""
    change = tmp_path / "change.yaml"
    change.write_text(yaml.safe_dump(nested(tuple(path.split(".")), "x")), encoding="utf-8")
    with pytest.raises(Refused, match=path.rpartition(".")[2]):
        HELM.lint([CI[0], change])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("config.limits.body", 1),
        ("config.time_zone", "Mars Base"),
        ("config.clients", [{"issuer": "a"}]),
        ("config.base_url", "http://cds.example.org"),
        ("config.authentication", "off"),
        ("image.digest", "sha256:1234"),
        ("replicaCount", "two"),
        ("service.targetPort", 80),
    ],
)
def test_a_wrong_value_is_refused(path: str, value: Any, tmp_path: Path) -> None:
    """A value out of its bounds fails at lint, and its place is said."""
    change = tmp_path / "change.yaml"
    change.write_text(yaml.safe_dump(nested(tuple(path.split(".")), value)), encoding="utf-8")
    with pytest.raises(Refused, match=path.replace(".", "[./]")):
        HELM.lint([CI[0], change])


def test_a_guard_speaks_at_lint(tmp_path: Path) -> None:
    """What cannot work fails at `helm lint`, too, in the guard's own sentence."""
    change = tmp_path / "change.yaml"
    change.write_text("config: {base_url: ''}\n", encoding="utf-8")
    with pytest.raises(Refused, match=r"config\.base_url is not set: tokens are made for the address"):
        HELM.lint([CI[0], change])


def test_an_umbrella_may_pass_its_own(tmp_path: Path) -> None:
    """`enabled` and anything under `global` are taken, as charts above this one pass them."""
    change = tmp_path / "change.yaml"
    change.write_text("enabled: true\nglobal: {domain: example.org, postgresql: {auth: {}}}\n", encoding="utf-8")
    HELM.render([CI[0], change])


def test_texts_pass_through_tpl(tmp_path: Path) -> None:
    """An umbrella chart's template is resolved in settings, names of secrets and extra objects."""
    change = tmp_path / "change.yaml"
    change.write_text(
        "global: {domain: example.net}\n"
        "config: {base_url: 'https://cds.{{ .Values.global.domain }}'}\n"
        "pseudonymKeys: {existingSecret: '{{ .Release.Name }}-ring'}\n",
        encoding="utf-8",
    )
    rendered = HELM.render([CI[0], change])
    assert "https://cds.example.net" in rendered
    assert "cds-ring" in rendered
