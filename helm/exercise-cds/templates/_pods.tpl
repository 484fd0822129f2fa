{{/* The parts of the pods: volumes, mounts, init containers. */}}

{{/* An image volume, ConfigMap or Secret under one name. Arguments: name, configMap, secret, key, file name. */}}
{{- define "exercise-cds.fileVolume" -}}
- name: {{ index . 0 }}
  {{- if index . 1 }}
  configMap:
    name: {{ index . 1 }}
  {{- else }}
  secret:
    secretName: {{ index . 2 }}
    defaultMode: 0440
  {{- end }}
    {{- if index . 3 }}
    items:
      - key: {{ index . 3 }}
        path: {{ index . 3 }}
    {{- end }}
{{- end -}}

{{- define "exercise-cds.volumes" -}}
{{- $fullname := include "exercise-cds.fullname" . -}}
- name: tmp
  emptyDir:
    sizeLimit: {{ .Values.tmp.sizeLimit }}
    {{- with .Values.tmp.medium }}
    medium: {{ . }}
    {{- end }}
{{ include "exercise-cds.fileVolume" (list "settings"
    (tpl (eq "true" (include "exercise-cds.ownSettings" .) | ternary $fullname .Values.existingConfig.configMap) .)
    (tpl .Values.existingConfig.secret .)
    (eq "true" (include "exercise-cds.ownSettings" .) | ternary "exercise-cds.yaml" .Values.existingConfig.key)) }}
# the kill switch: made when it is needed
- name: pause
  configMap:
    name: {{ tpl (default (printf "%s-pause" $fullname) .Values.pause.configMap) . }}
    optional: true
{{- with .Values.clientKeys.existingConfigMap }}
{{ include "exercise-cds.fileVolume" (list "client-keys" (tpl . $) "" "") }}
{{- end }}
{{- with .Values.pseudonymKeys.existingSecret }}
{{ include "exercise-cds.fileVolume" (list "pseudonyms" "" (tpl . $) $.Values.pseudonymKeys.key) }}
{{- end }}
{{- with .Values.operatorPasswords.existingSecret }}
{{ include "exercise-cds.fileVolume" (list "operator-passwords" "" (tpl . $) $.Values.operatorPasswords.key) }}
{{- end }}
{{- with .Values.tls.existingSecret }}
{{ include "exercise-cds.fileVolume" (list "tls" "" (tpl . $) "") }}
{{- end }}
{{- if eq .Values.database.type "sqlite" }}
- name: data
  {{- if .Values.database.sqlite.persistence.enabled }}
  persistentVolumeClaim:
    claimName: {{ tpl (default (printf "%s-data" $fullname) .Values.database.sqlite.persistence.existingClaim) . }}
  {{- else }}
  emptyDir:
    sizeLimit: {{ .Values.database.sqlite.persistence.size }}
  {{- end }}
{{- else }}
{{- with .Values.database.postgresql.caCert }}
{{- if or .configMap .secret }}
{{ include "exercise-cds.fileVolume" (list "postgresql-ca" (tpl .configMap $) (tpl .secret $) .key) }}
{{- end }}
{{- end }}
{{- end }}
{{- if eq .Values.rules.source "configMap" }}
- name: rules
  configMap:
    name: {{ tpl (default (printf "%s-rules" $fullname) .Values.rules.configMap.existing) . }}
    items:
      {{- if .Values.rules.configMap.existing }}
      {{- toYaml .Values.rules.configMap.items | nindent 6 }}
      {{- else }}
      {{- range $path := keys .Values.rules.configMap.files | sortAlpha }}
      - key: {{ include "exercise-cds.flatKey" $path }}
        path: {{ $path }}
      {{- end }}
      {{- end }}
{{- else if eq .Values.rules.source "ociImage" }}
- name: rules
  emptyDir:
    sizeLimit: 32Mi
{{- else if eq .Values.rules.source "volume" }}
- name: rules
  {{- with .Values.rules.volume.spec }}
  {{- include "exercise-cds.tpl" (list $ .) | nindent 2 }}
  {{- end }}
{{- end }}
{{- if include "exercise-cds.overlay" . }}
{{ include "exercise-cds.fileVolume" (list "overlay" (tpl (default (printf "%s-overlay" $fullname) .Values.overlay.existingConfigMap) .) "" .Values.overlay.key) }}
{{- end }}
{{- if include "exercise-cds.extraCa" . }}
{{ include "exercise-cds.fileVolume" (list "extra-ca" (tpl .Values.extraCaCerts.configMap .) (tpl .Values.extraCaCerts.secret .) .Values.extraCaCerts.key) }}
- name: ca
  emptyDir:
    sizeLimit: 4Mi
{{- end }}
{{- with .Values.extraVolumes }}
{{ include "exercise-cds.tpl" (list $ .) }}
{{- end }}
{{- end -}}

{{/* Mounts of every container that reads the pack. */}}
{{- define "exercise-cds.packMounts" -}}
- name: tmp
  mountPath: /tmp
{{- if ne .Values.rules.source "image" }}
- name: rules
  mountPath: /rules
  readOnly: true
{{- end }}
{{- if include "exercise-cds.overlay" . }}
- name: overlay
  mountPath: /overlay
  readOnly: true
{{- end }}
{{- end -}}

{{- define "exercise-cds.mounts" -}}
{{ include "exercise-cds.packMounts" . }}
- name: settings
  mountPath: /etc/exercise-cds/settings
  readOnly: true
- name: pause
  mountPath: /etc/exercise-cds/pause
  readOnly: true
{{- if .Values.clientKeys.existingConfigMap }}
- name: client-keys
  mountPath: /etc/exercise-cds/keys
  readOnly: true
{{- end }}
{{- if .Values.pseudonymKeys.existingSecret }}
- name: pseudonyms
  mountPath: /etc/exercise-cds/pseudonyms
  readOnly: true
{{- end }}
{{- if .Values.operatorPasswords.existingSecret }}
- name: operator-passwords
  mountPath: /etc/exercise-cds/operators
  readOnly: true
{{- end }}
{{- if .Values.tls.existingSecret }}
- name: tls
  mountPath: /etc/exercise-cds/tls
  readOnly: true
{{- end }}
{{- if eq .Values.database.type "sqlite" }}
- name: data
  mountPath: /data
{{- else if or .Values.database.postgresql.caCert.configMap .Values.database.postgresql.caCert.secret }}
- name: postgresql-ca
  mountPath: /etc/exercise-cds/postgresql
  readOnly: true
{{- end }}
{{- if include "exercise-cds.extraCa" . }}
- name: ca
  mountPath: /etc/exercise-cds/ca
  readOnly: true
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ include "exercise-cds.tpl" (list $ .) }}
{{- end }}
{{- end -}}

{{/* What all containers of the chart's own image share. Arguments: context, name. */}}
{{- define "exercise-cds.container" -}}
{{- $root := index . 0 -}}
name: {{ index . 1 }}
image: {{ include "exercise-cds.image" $root }}
imagePullPolicy: {{ $root.Values.image.pullPolicy }}
securityContext:
  {{- include "exercise-cds.securityContext" $root | nindent 2 }}
resources:
  {{- toYaml $root.Values.resources | nindent 2 }}
{{- end -}}

{{- define "exercise-cds.initContainers" -}}
{{- with .Values.initContainers }}
{{ include "exercise-cds.tpl" (list $ .) }}
{{- end }}
{{- if include "exercise-cds.extraCa" . }}
- {{ include "exercise-cds.container" (list . "ca-bundle") | nindent 2 | trim }}
  command:
    - /opt/exercise-cds/bin/python
    - -B
    - -c
    # certifi's authorities are those that the service trusts without a file of its own
    - |
      import sys
      from pathlib import Path
      import certifi
      usual = Path(certifi.where()).read_bytes() if sys.argv[1] == "add" else b""
      Path("/ca/bundle.pem").write_bytes(usual + b"\n" + Path(sys.argv[2]).read_bytes())
    - {{ .Values.extraCaCerts.mode }}
    - /extra-ca/{{ .Values.extraCaCerts.key }}
  volumeMounts:
    - name: extra-ca
      mountPath: /extra-ca
      readOnly: true
    - name: ca
      mountPath: /ca
{{- end }}
{{- if eq .Values.rules.source "ociImage" }}
- name: copy-rules
  image: {{ include "exercise-cds.imageOf" (list . .Values.rules.ociImage "") }}
  imagePullPolicy: {{ .Values.rules.ociImage.pullPolicy }}
  command:
    {{- toYaml .Values.rules.ociImage.command | nindent 4 }}
    - {{ .Values.rules.ociImage.path }}/.
    - /copied/
  securityContext:
    {{- include "exercise-cds.securityContext" . | nindent 4 }}
  resources:
    {{- toYaml .Values.resources | nindent 4 }}
  volumeMounts:
    - name: rules
      mountPath: /copied
{{- end }}
{{- if .Values.rules.verify.check }}
- {{ include "exercise-cds.container" (list . "check-rules") | nindent 2 | trim }}
  args:
    - check
    - {{ include "exercise-cds.rulesPath" . }}
    {{- with include "exercise-cds.overlay" . }}
    - --overlay
    - {{ . }}
    {{- end }}
  env:
    - name: HOME
      value: /tmp
  volumeMounts:
    {{- include "exercise-cds.packMounts" . | nindent 4 }}
{{- end }}
{{- if .Values.rules.verify.test }}
- {{ include "exercise-cds.container" (list . "test-rules") | nindent 2 | trim }}
  args:
    - test
    - {{ include "exercise-cds.rulesPath" . }}
  env:
    - name: HOME
      value: /tmp
  volumeMounts:
    {{- include "exercise-cds.packMounts" . | nindent 4 }}
{{- end }}
{{- end -}}

{{/* The kubelet asks by the pod's address; the service may want a name that it knows. Arguments: context, path, probe. */}}
{{- define "exercise-cds.probe" -}}
httpGet:
  path: {{ index . 1 }}
  port: operator
  httpHeaders:
    - name: Host
      value: {{ include "exercise-cds.hostHeader" (index . 0) }}
{{ toYaml (index . 2) }}
{{- end -}}

{{/* Constraints without a selector get the pods' own. */}}
{{- define "exercise-cds.spread" -}}
{{- $selector := dict "matchLabels" (include "exercise-cds.selectorLabels" . | fromYaml) -}}
{{- $constraints := list -}}
{{- range tpl (toYaml .Values.topologySpreadConstraints) . | fromYamlArray -}}
{{- $constraints = append $constraints (mustMerge . (dict "labelSelector" $selector)) -}}
{{- end -}}
{{- toYaml $constraints -}}
{{- end -}}
