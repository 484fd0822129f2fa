{{/* Names, labels, images: what every object has. */}}

{{- define "exercise-cds.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 50 characters, so that the names made from it stay within 63. */}}
{{- define "exercise-cds.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Never the version of anything: selectors cannot change. */}}
{{- define "exercise-cds.selectorLabels" -}}
app.kubernetes.io/name: {{ include "exercise-cds.name" . }}
app.kubernetes.io/instance: {{ .Release.Name | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/component: service
{{- end -}}

{{/* Labels of one object. Arguments: context, component, and further labels. */}}
{{- define "exercise-cds.labels" -}}
{{- $root := index . 0 -}}
{{- $own := dict
  "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
  "app.kubernetes.io/name" (include "exercise-cds.name" $root)
  "app.kubernetes.io/instance" ($root.Release.Name | trunc 63 | trimSuffix "-")
  "app.kubernetes.io/component" (index . 1)
  "app.kubernetes.io/version" ($root.Chart.AppVersion | replace "+" "_" | trunc 63 | trimSuffix "-")
  "app.kubernetes.io/managed-by" $root.Release.Service -}}
{{- $further := tpl (toYaml (index . 2)) $root | fromYaml -}}
{{- $common := tpl (toYaml $root.Values.commonLabels) $root | fromYaml -}}
{{- toYaml (mustMerge $own $further $common) -}}
{{- end -}}

{{/* `metadata` of one object. Arguments: context, name, component, labels, annotations. */}}
{{- define "exercise-cds.metadata" -}}
{{- $root := index . 0 -}}
name: {{ index . 1 }}
namespace: {{ $root.Release.Namespace }}
labels:
  {{- include "exercise-cds.labels" (list $root (index . 2) (index . 3)) | nindent 2 }}
{{- $annotations := mustMerge (tpl (toYaml (index . 4)) $root | fromYaml) (tpl (toYaml $root.Values.commonAnnotations) $root | fromYaml) }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* One image: the global registry wins over its own, a digest over a tag. Arguments: context, image, default tag. */}}
{{- define "exercise-cds.imageOf" -}}
{{- $root := index . 0 -}}
{{- $image := index . 1 -}}
{{- $global := default dict $root.Values.global -}}
{{- $registry := default $image.registry $global.imageRegistry -}}
{{- $name := ternary (printf "%s/%s" $registry $image.repository) $image.repository (ne (toString (default "" $registry)) "") -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $name $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default (index . 2) $image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "exercise-cds.image" -}}
{{- include "exercise-cds.imageOf" (list . .Values.image .Chart.AppVersion) -}}
{{- end -}}

{{/* Pull secrets of the chart and of the umbrella, each once. */}}
{{- define "exercise-cds.imagePullSecrets" -}}
{{- $names := list -}}
{{- range concat .Values.imagePullSecrets (default list (default dict .Values.global).imagePullSecrets) -}}
{{- if kindIs "map" . -}}
{{- $names = append $names (dict "name" .name) -}}
{{- else -}}
{{- $names = append $names (dict "name" .) -}}
{{- end -}}
{{- end -}}
{{- with uniq $names -}}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end -}}

{{- define "exercise-cds.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "exercise-cds.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* On OpenShift users and groups are left to its restricted-v2. */}}
{{- define "exercise-cds.podSecurityContext" -}}
{{- toYaml (ternary (omit .Values.podSecurityContext "runAsUser" "runAsGroup" "fsGroup" "fsGroupChangePolicy" "supplementalGroups") .Values.podSecurityContext .Values.openshift.enabled) -}}
{{- end -}}

{{- define "exercise-cds.securityContext" -}}
{{- toYaml (ternary (omit .Values.securityContext "runAsUser" "runAsGroup") .Values.securityContext .Values.openshift.enabled) -}}
{{- end -}}

{{/* A user's YAML, through tpl. Arguments: context, value. */}}
{{- define "exercise-cds.tpl" -}}
{{- tpl (toYaml (index . 1)) (index . 0) -}}
{{- end -}}
