{{/* What the service is told: its settings, its rules, its database. */}}

{{/* The most pods that serve at once, an update aside. */}}
{{- define "exercise-cds.maxReplicas" -}}
{{- ternary .Values.autoscaling.maxReplicas .Values.replicaCount .Values.autoscaling.enabled | int -}}
{{- end -}}

{{/* The fewest pods that are wanted. */}}
{{- define "exercise-cds.minReplicas" -}}
{{- ternary .Values.autoscaling.minReplicas .Values.replicaCount .Values.autoscaling.enabled | int -}}
{{- end -}}

{{/* "true" where SQLite has a volume of its own, so that no two pods may hold it at once. */}}
{{- define "exercise-cds.sqliteVolume" -}}
{{- if and (eq .Values.database.type "sqlite") .Values.database.sqlite.persistence.enabled -}}true{{- end -}}
{{- end -}}

{{/* A group of settings without what is unset (""). */}}
{{- define "exercise-cds.set" -}}
{{- $kept := dict -}}
{{- range $name, $value := . -}}
{{- if not (and (kindIs "string" $value) (eq $value "")) -}}
{{- $_ := set $kept $name $value -}}
{{- end -}}
{{- end -}}
{{- toYaml $kept -}}
{{- end -}}

{{/* The settings file. */}}
{{- define "exercise-cds.settings" -}}
{{- $settings := dict -}}
{{- range $name, $value := .Values.config -}}
{{- if kindIs "map" $value -}}
{{- $_ := set $settings $name (include "exercise-cds.set" $value | fromYaml) -}}
{{- else -}}
{{- $_ := set $settings $name $value -}}
{{- end -}}
{{- end -}}
{{- $clients := list -}}
{{- range default list .Values.config.clients -}}
{{- $clients = append $clients (include "exercise-cds.set" . | fromYaml) -}}
{{- end -}}
{{- $_ := set $settings "clients" $clients -}}
{{- tpl (include "exercise-cds.set" $settings) . -}}
{{- end -}}

{{/* "true" where the settings file is the chart's own, so that the guards can look into it. */}}
{{- define "exercise-cds.ownSettings" -}}
{{- if not (or .Values.existingConfig.configMap .Values.existingConfig.secret) -}}true{{- end -}}
{{- end -}}

{{/* A name under which the service knows itself, for those who call it by its address. */}}
{{- define "exercise-cds.hostHeader" -}}
{{- default "localhost" (first (default list .Values.config.allowed_hosts)) -}}
{{- end -}}

{{/* What the pods speak on the service's port. */}}
{{- define "exercise-cds.scheme" -}}
{{- ternary "https" "http" (ne .Values.tls.existingSecret "") -}}
{{- end -}}

{{/* The folder of the pack as the service sees it. */}}
{{- define "exercise-cds.rulesPath" -}}
{{- if eq .Values.rules.source "image" -}}
{{- .Values.rules.image.path -}}
{{- else if eq .Values.rules.source "volume" -}}
{{- printf "/rules/%s" .Values.rules.volume.path | trimSuffix "/" -}}
{{- else -}}
/rules
{{- end -}}
{{- end -}}

{{- define "exercise-cds.overlay" -}}
{{- if or .Values.overlay.inline .Values.overlay.existingConfigMap -}}/overlay/{{ .Values.overlay.key }}{{- end -}}
{{- end -}}

{{- define "exercise-cds.extraCa" -}}
{{- if or .Values.extraCaCerts.configMap .Values.extraCaCerts.secret -}}true{{- end -}}
{{- end -}}

{{/* A key of a ConfigMap cannot hold a slash. */}}
{{- define "exercise-cds.flatKey" -}}
{{- replace "/" "__" . -}}
{{- end -}}

{{/* Address of the database, without a password: PGPASSWORD has it. */}}
{{- define "exercise-cds.databaseUrl" -}}
{{- if eq .Values.database.type "sqlite" -}}
sqlite:////data/exercise-cds.sqlite
{{- else -}}
{{- $pg := .Values.database.postgresql -}}
{{- $host := ternary (printf "[%s]" $pg.host) $pg.host (contains ":" $pg.host) -}}
{{- $query := printf "sslmode=%s" $pg.sslmode -}}
{{- if or $pg.caCert.configMap $pg.caCert.secret -}}
{{- $query = printf "%s&sslrootcert=/etc/exercise-cds/postgresql/%s" $query $pg.caCert.key -}}
{{- end -}}
{{- printf "postgresql+psycopg://%s@%s:%d/%s?%s" (urlquery $pg.user) $host (int $pg.port) (urlquery $pg.name) $query -}}
{{- end -}}
{{- end -}}

{{/* The chart's own variables, as YAML: a list under `env`. They win over the settings file. */}}
{{- define "exercise-cds.env" -}}
env:
  - name: HOME
    value: /tmp
  - name: EXERCISE_CDS_CONFIG
    value: /etc/exercise-cds/settings/{{ ternary "exercise-cds.yaml" .Values.existingConfig.key (eq "true" (include "exercise-cds.ownSettings" .)) }}
  - name: EXERCISE_CDS_HOST
    value: {{ .Values.listenAddress | quote }}
  - name: EXERCISE_CDS_PORT
    value: {{ .Values.service.targetPort | int | quote }}
  - name: EXERCISE_CDS_METRICS_PORT
    value: {{ .Values.operator.port | int | quote }}
  - name: EXERCISE_CDS_PROCESSES
    value: {{ include "exercise-cds.maxReplicas" . | int | max 1 | quote }}
  - name: EXERCISE_CDS_RULES
    value: {{ include "exercise-cds.rulesPath" . }}
  {{- with include "exercise-cds.overlay" . }}
  - name: EXERCISE_CDS_OVERLAY
    value: {{ . }}
  {{- end }}
  {{- if eq .Values.rules.updateStrategy "hotReload" }}
  - name: EXERCISE_CDS_RELOAD_SECONDS
    value: {{ .Values.rules.reloadSeconds | int | quote }}
  {{- end }}
  - name: EXERCISE_CDS_PAUSE_FILE
    value: /etc/exercise-cds/pause/{{ .Values.pause.key }}
  {{- if and (eq .Values.database.type "postgresql") .Values.database.postgresql.urlKey }}
  - name: EXERCISE_CDS_DATABASE_URL
    valueFrom:
      secretKeyRef:
        name: {{ tpl .Values.database.postgresql.existingSecret . }}
        key: {{ .Values.database.postgresql.urlKey }}
  {{- else }}
  - name: EXERCISE_CDS_DATABASE_URL
    value: {{ include "exercise-cds.databaseUrl" . | quote }}
  {{- if eq .Values.database.type "postgresql" }}
  - name: PGPASSWORD
    valueFrom:
      secretKeyRef:
        name: {{ tpl .Values.database.postgresql.existingSecret . }}
        key: {{ .Values.database.postgresql.passwordKey }}
  {{- end }}
  {{- end }}
  {{- if .Values.pseudonymKeys.existingSecret }}
  - name: EXERCISE_CDS_DECISION_LOG__KEYS_FILE
    value: /etc/exercise-cds/pseudonyms/{{ .Values.pseudonymKeys.key }}
  {{- end }}
  {{- if .Values.operatorPasswords.existingSecret }}
  - name: EXERCISE_CDS_OPERATORS__PASSWORDS_FILE
    value: /etc/exercise-cds/operators/{{ .Values.operatorPasswords.key }}
  {{- end }}
  {{- with .Values.tls }}
  {{- if .existingSecret }}
  - name: EXERCISE_CDS_TLS__CERT_FILE
    value: /etc/exercise-cds/tls/{{ .certKey }}
  - name: EXERCISE_CDS_TLS__KEY_FILE
    value: /etc/exercise-cds/tls/{{ .keyKey }}
  {{- end }}
  {{- end }}
  {{- if include "exercise-cds.extraCa" . }}
  - name: EXERCISE_CDS_FHIR__CA_FILE
    value: /etc/exercise-cds/ca/bundle.pem
  - name: EXERCISE_CDS_TOKENS__KEY_CA_FILE
    value: /etc/exercise-cds/ca/bundle.pem
  {{- end }}
  {{- with .Values.proxy.https }}
  - name: HTTPS_PROXY
    value: {{ . | quote }}
  - name: NO_PROXY
    value: {{ $.Values.proxy.noProxy | quote }}
  - name: EXERCISE_CDS_FHIR__ENVIRONMENT_PROXIES
    value: "true"
  {{- end }}
{{- end -}}
