{{/*
What cannot work is said before anything is installed: all of it at once, each in a sentence that says what to set.
Every guard has a test in tests/guards_test.yaml.
*/}}
{{- define "exercise-cds.faults" -}}
{{- $faults := list -}}
{{- $own := include "exercise-cds.ownSettings" . -}}
{{- $config := .Values.config -}}
{{- $pods := include "exercise-cds.maxReplicas" . | int -}}
{{- $postgresql := eq .Values.database.type "postgresql" -}}

{{/* who may call */}}
{{- if $own -}}
{{- if eq $config.authentication "on" -}}
{{- if not $config.base_url -}}
{{- $faults = append $faults "config.base_url is not set: tokens are made for the address that EHRs call, so set it, such as https://cds.example.org" -}}
{{- end -}}
{{- if not $config.clients -}}
{{- $faults = append $faults "config.clients is empty: nobody could call; list each EHR with its issuer and jku (or, for trying only, set config.authentication to none)" -}}
{{- end -}}
{{- else -}}
{{- if not $config.unauthenticated_beyond_loopback -}}
{{- $faults = append $faults "config.authentication is none: whoever reaches the pods could ask about any patient; set it to on, or, for trying with made-up patients, config.unauthenticated_beyond_loopback to true as well" -}}
{{- end -}}
{{- if not $config.allowed_hosts -}}
{{- $faults = append $faults "config.allowed_hosts is empty while config.authentication is none: calls by any name but localhost would be refused; list the names by which it is called" -}}
{{- end -}}
{{- end -}}
{{- $issuers := list -}}
{{- range $client := $config.clients -}}
{{- if has $client.issuer $issuers -}}
{{- $faults = append $faults (printf "config.clients has the issuer %s twice: give each EHR one entry" $client.issuer) -}}
{{- end -}}
{{- $issuers = append $issuers $client.issuer -}}
{{- if and (hasPrefix "/etc/exercise-cds/keys/" (default "" $client.jwks_file)) (not $.Values.clientKeys.existingConfigMap) -}}
{{- $faults = append $faults (printf "the client %s has its keys in %s, and clientKeys.existingConfigMap is not set: name the ConfigMap that holds the file" $client.issuer $client.jwks_file) -}}
{{- end -}}
{{- end -}}
{{- if and (eq $config.authentication "on") (eq $config.replay.store "memory") (gt $pods 1) -}}
{{- $faults = append $faults (printf "config.replay.store is memory while %d pods may run: a token used at one could be used again at the next; set it to database" $pods) -}}
{{- end -}}
{{- $grace := add .Values.preStopSeconds $config.drain_seconds $config.graceful_seconds 5 | int -}}
{{- if lt (int .Values.terminationGracePeriodSeconds) $grace -}}
{{- $faults = append $faults (printf "terminationGracePeriodSeconds is %d: calls under way would be cut off; set it to %d or more (preStopSeconds %d, config.drain_seconds %d, config.graceful_seconds %d, and 5)" (int .Values.terminationGracePeriodSeconds) $grace (int .Values.preStopSeconds) (int $config.drain_seconds) (int $config.graceful_seconds)) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.existingConfig.configMap .Values.existingConfig.secret -}}
{{- $faults = append $faults "existingConfig.configMap and existingConfig.secret are both set: the settings file comes from one of them" -}}
{{- end -}}

{{/* where records are kept */}}
{{- if and (not $postgresql) (gt $pods 1) -}}
{{- $faults = append $faults (printf "database.type is sqlite while %d pods may run: a file belongs to one pod; set database.type to postgresql, or replicaCount to 1 and autoscaling.enabled to false" $pods) -}}
{{- end -}}
{{- if and (include "exercise-cds.sqliteVolume" .) (eq (default "Recreate" .Values.strategy.type) "RollingUpdate") -}}
{{- $faults = append $faults "strategy.type is RollingUpdate while SQLite has a volume: the new pod would wait for the old one's volume for ever; leave strategy empty" -}}
{{- end -}}
{{- with .Values.database.postgresql -}}
{{- if $postgresql -}}
{{- if not .existingSecret -}}
{{- $faults = append $faults "database.postgresql.existingSecret is not set: name the Secret that holds the password (key database.postgresql.passwordKey) or the whole address (database.postgresql.urlKey)" -}}
{{- end -}}
{{- if and (not .urlKey) (not .host) -}}
{{- $faults = append $faults "database.postgresql.host is not set: set it, or database.postgresql.urlKey to the key of a whole address in the Secret" -}}
{{- end -}}
{{- $verifies := has .sslmode (list "verify-full" "verify-ca") -}}
{{- if and (not .urlKey) $verifies (not (or .caCert.configMap .caCert.secret)) -}}
{{- $faults = append $faults (printf "database.postgresql.sslmode is %s and database.postgresql.caCert is not set: name the ConfigMap or Secret with the database's certificate authority (sslmode require encrypts without looking who answers)" .sslmode) -}}
{{- end -}}
{{- if and .caCert.configMap .caCert.secret -}}
{{- $faults = append $faults "database.postgresql.caCert.configMap and .secret are both set: the certificate authority comes from one of them" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* rules */}}
{{- with .Values.rules -}}
{{- if and .configMap.files .configMap.existing -}}
{{- $faults = append $faults "rules.configMap.files and rules.configMap.existing are both set: the pack comes from one of them" -}}
{{- end -}}
{{- if eq .source "configMap" -}}
{{- if not (or .configMap.files .configMap.existing) -}}
{{- $faults = append $faults "rules.source is configMap: set rules.configMap.files, or rules.configMap.existing with rules.configMap.items" -}}
{{- end -}}
{{- if and .configMap.existing (not .configMap.items) -}}
{{- $faults = append $faults "rules.configMap.items is empty: keys of a ConfigMap are flat, so list each with its path in the pack, such as {key: rules__diagnosis.yaml, path: rules/diagnosis.yaml}" -}}
{{- end -}}
{{- if and .configMap.files (not (hasKey .configMap.files "pack.yaml")) -}}
{{- $faults = append $faults "rules.configMap.files has no pack.yaml: its paths begin at the pack's own folder" -}}
{{- end -}}
{{- else -}}
{{- if or .configMap.files .configMap.existing -}}
{{- $faults = append $faults (printf "rules.configMap is set while rules.source is %s: set rules.source to configMap, or take rules.configMap out" .source) -}}
{{- end -}}
{{- end -}}
{{- if and (eq .source "ociImage") (not .ociImage.repository) -}}
{{- $faults = append $faults "rules.source is ociImage and rules.ociImage.repository is not set: name the image that holds the pack" -}}
{{- end -}}
{{- if and (eq .source "ociImage") (not (or .ociImage.tag .ociImage.digest)) -}}
{{- $faults = append $faults "rules.ociImage has neither tag nor digest: rules that change by themselves are no rules; set rules.ociImage.digest (or a tag)" -}}
{{- end -}}
{{- if and (ne .source "ociImage") .ociImage.repository -}}
{{- $faults = append $faults (printf "rules.ociImage is set while rules.source is %s: set rules.source to ociImage, or take rules.ociImage out" .source) -}}
{{- end -}}
{{- if and (eq .source "volume") (not .volume.spec) -}}
{{- $faults = append $faults "rules.source is volume and rules.volume.spec is empty: set a volume, such as {persistentVolumeClaim: {claimName: rules}}" -}}
{{- end -}}
{{- if and (ne .source "volume") .volume.spec -}}
{{- $faults = append $faults (printf "rules.volume is set while rules.source is %s: set rules.source to volume, or take rules.volume out" .source) -}}
{{- end -}}
{{- if and (eq .updateStrategy "hotReload") (has .source (list "image" "ociImage")) -}}
{{- $faults = append $faults (printf "rules.updateStrategy is hotReload while rules.source is %s: what a pod gets at its start never changes; set rules.updateStrategy to rollout" .source) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.overlay.inline .Values.overlay.existingConfigMap -}}
{{- $faults = append $faults "overlay.inline and overlay.existingConfigMap are both set: the overlay comes from one of them" -}}
{{- end -}}

{{/* the network */}}
{{- if .Values.ingress.enabled -}}
{{- if not .Values.ingress.hosts -}}
{{- $faults = append $faults "ingress.hosts is empty: list the names by which EHRs call" -}}
{{- end -}}
{{- if not .Values.ingress.tls -}}
{{- $faults = append $faults "ingress.tls is empty: patient data travels over TLS only; name the secret with the certificate" -}}
{{- end -}}
{{- $covered := list -}}
{{- range .Values.ingress.tls -}}{{- $covered = concat $covered .hosts -}}{{- end -}}
{{- range .Values.ingress.hosts -}}
{{- $wildcard := printf "*.%s" (splitList "." . | rest | join ".") -}}
{{- if and $.Values.ingress.tls (not (or (has . $covered) (has $wildcard $covered))) -}}
{{- $faults = append $faults (printf "ingress.tls does not cover %s: add it to the hosts of an entry" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $name, $route := .Values.route -}}
{{- if and $route.enabled (not $route.parentRefs) -}}
{{- $faults = append $faults (printf "route.%s.parentRefs is empty: name the gateway that it belongs to" $name) -}}
{{- end -}}
{{- end -}}
{{- with .Values.certificate -}}
{{- if and .enabled (not (and .secretName .issuerRef .dnsNames)) -}}
{{- $faults = append $faults "certificate needs secretName, issuerRef and dnsNames" -}}
{{- end -}}
{{- end -}}
{{- if and (ne .Values.service.type "LoadBalancer") (or .Values.service.loadBalancerSourceRanges .Values.service.loadBalancerClass) -}}
{{- $faults = append $faults (printf "service.loadBalancerSourceRanges or service.loadBalancerClass is set while service.type is %s: set service.type to LoadBalancer, or take them out" .Values.service.type) -}}
{{- end -}}
{{- if eq (int .Values.service.targetPort) (int .Values.operator.port) -}}
{{- $faults = append $faults "service.targetPort and operator.port are equal: what EHRs call and what operators look at have a port each" -}}
{{- end -}}
{{- if and $own (or $config.operators.feedback_page $config.workbench.enabled) (not $config.operators.sign_on_header) (not .Values.operatorPasswords.existingSecret) -}}
{{- $faults = append $faults "config.operators.feedback_page or config.workbench.enabled is true, and nobody can sign on to it: set config.operators.sign_on_header with sign_on_proxies, or operatorPasswords.existingSecret" -}}
{{- end -}}
{{- with .Values.networkPolicy -}}
{{- if and .enabled $own (not .egress.allowExternalHttps) (not .egress.ehr.cidrs) (not .egress.extra) (not .cilium.enabled) (not $.Values.proxy.https) -}}
{{- range $client := $config.clients -}}
{{- if and $client.jku (not $client.jwks_file) -}}
{{- $faults = append $faults (printf "networkPolicy lets nothing out to fetch the keys of %s: list its networks in networkPolicy.egress.ehr.cidrs, or put the keys into a file (jwks_file)" $client.issuer) -}}
{{- end -}}
{{- if $client.fhir_servers -}}
{{- $faults = append $faults (printf "networkPolicy lets nothing out to the FHIR servers of %s: list their networks in networkPolicy.egress.ehr.cidrs" $client.issuer) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .cilium.enabled (not .cilium.toFQDNs) -}}
{{- $faults = append $faults "networkPolicy.cilium.toFQDNs is empty: list the names that may be called" -}}
{{- end -}}
{{- end -}}
{{- with .Values.extraCaCerts -}}
{{- if and .configMap .secret -}}
{{- $faults = append $faults "extraCaCerts.configMap and extraCaCerts.secret are both set: the authorities come from one of them" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.proxy.noProxy (not .Values.proxy.https) -}}
{{- $faults = append $faults "proxy.noProxy is set without proxy.https: set the proxy, or take it out" -}}
{{- end -}}

{{/* how many, and how they go */}}
{{- with .Values.autoscaling -}}
{{- if and .enabled (gt (int .minReplicas) (int .maxReplicas)) -}}
{{- $faults = append $faults (printf "autoscaling.minReplicas is %d and autoscaling.maxReplicas %d: at least cannot be more than at most" (int .minReplicas) (int .maxReplicas)) -}}
{{- end -}}
{{- if and .enabled (not (dig "requests" "cpu" "" $.Values.resources)) -}}
{{- $faults = append $faults "autoscaling.enabled is true and resources.requests.cpu is not set: the autoscaler counts in percent of the request" -}}
{{- end -}}
{{- end -}}
{{- with .Values.podDisruptionBudget -}}
{{- $least := ne (toString .minAvailable) "" -}}
{{- $most := ne (toString .maxUnavailable) "" -}}
{{- if and .enabled $least $most -}}
{{- $faults = append $faults "podDisruptionBudget.minAvailable and podDisruptionBudget.maxUnavailable are both set: set maxUnavailable to \"\" to use minAvailable" -}}
{{- end -}}
{{- if and .enabled (not $least) (not $most) -}}
{{- $faults = append $faults "podDisruptionBudget has neither minAvailable nor maxUnavailable: set one, or podDisruptionBudget.enabled to false" -}}
{{- end -}}
{{- $pods := include "exercise-cds.minReplicas" $ | int -}}
{{- if and .enabled $least (ge $pods 2) (or (eq (toString .minAvailable) "100%") (and (not (hasSuffix "%" (toString .minAvailable))) (ge (int .minAvailable) $pods))) -}}
{{- $faults = append $faults (printf "podDisruptionBudget.minAvailable is %v of %d pods: no node could ever be drained; set it lower" .minAvailable $pods) -}}
{{- end -}}
{{- if and .enabled (not $least) (eq (toString .maxUnavailable) "0") -}}
{{- $faults = append $faults "podDisruptionBudget.maxUnavailable is 0: no node could ever be drained; set it to 1 or more" -}}
{{- end -}}
{{- end -}}
{{- if lt (mul .Values.probes.startup.periodSeconds .Values.probes.startup.failureThreshold) 60 -}}
{{- $faults = append $faults (printf "probes.startup gives a pod %d s to start: give it 60 or more (periodSeconds times failureThreshold)" (mul .Values.probes.startup.periodSeconds .Values.probes.startup.failureThreshold)) -}}
{{- end -}}

{{/* what is seen */}}
{{- with .Values.metrics -}}
{{- if and .serviceMonitor.enabled (not .service) -}}
{{- $faults = append $faults "metrics.serviceMonitor.enabled is true and metrics.service is false: Prometheus finds pods through that Service; set it to true" -}}
{{- end -}}
{{- end -}}

{{/* what would be said twice, or in the open */}}
{{- $names := list -}}
{{- range (include "exercise-cds.env" . | fromYaml).env -}}{{- $names = append $names .name -}}{{- end -}}
{{- range .Values.extraEnv -}}
{{- if has .name $names -}}
{{- $faults = append $faults (printf "extraEnv sets %s, which the chart sets itself (or which stands there twice): use the value that the README names for it" .name) -}}
{{- end -}}
{{- if and (has .name (list "EXERCISE_CDS_DATABASE_URL" "PGPASSWORD")) .value -}}
{{- $faults = append $faults (printf "extraEnv holds %s in the open: use database.postgresql.existingSecret" .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- $volumes := list -}}
{{- range include "exercise-cds.volumes" . | fromYamlArray -}}
{{- if has .name $volumes -}}
{{- $faults = append $faults (printf "extraVolumes has the name %s, which is taken: choose another" .name) -}}
{{- end -}}
{{- $volumes = append $volumes .name -}}
{{- end -}}
{{- $containers := list "exercise-cds" "ca-bundle" "copy-rules" "check-rules" "test-rules" -}}
{{- range concat .Values.initContainers .Values.sidecars -}}
{{- if has .name $containers -}}
{{- $faults = append $faults (printf "a container of initContainers or sidecars is named %s, which is taken: choose another" .name) -}}
{{- end -}}
{{- $containers = append $containers .name -}}
{{- end -}}
{{- toJson $faults -}}
{{- end -}}
