# The image of exercise-cds, in two stages: `build` compiles and installs, the last stage holds what runs and nothing else.
#
#   docker build -t exercise-cds:0.1.0 .
#
# Both bases can be chosen, and should be pinned by the digest that your own registry says:
#
#   --build-arg BUILD_IMAGE=registry.example/python:3.13-bookworm@sha256:...        needs a C compiler, venv and pip
#   --build-arg BASE_IMAGE=registry.example/python:3.13-slim-bookworm@sha256:...    the same Python at the same path; no shell is needed
#
# A site's own package index and certificate reach pip as secrets, which no layer keeps:
#
#   --secret id=pip,src=pip.conf  --secret id=ca,src=ca.pem       (in pip.conf: cert = /run/secrets/ca)
ARG BUILD_IMAGE=python:3.13-bookworm
ARG BASE_IMAGE=python:3.13-slim-bookworm

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY requirements/build.txt requirements/runtime.txt ./

# pip's hashes do not cover what builds a source distribution: first a pinned setuptools, then everything without build isolation
RUN --mount=type=secret,id=pip,target=/etc/pip.conf --mount=type=secret,id=ca,target=/run/secrets/ca \
    python3 -m venv /build/tools \
    && /build/tools/bin/python -m pip install --no-cache-dir --require-hashes --no-deps --only-binary :all: --requirement build.txt

# durable-rules comes as source only; docs/durable-rules.md says what each flag is for
RUN --mount=type=secret,id=pip,target=/etc/pip.conf --mount=type=secret,id=ca,target=/run/secrets/ca \
    CC="cc -DPyEval_CallObject=PyObject_CallObject -Wno-error=implicit-function-declaration -Wno-error=incompatible-pointer-types -Wno-error=int-conversion" \
    /build/tools/bin/python -m pip wheel --no-cache-dir --require-hashes --no-build-isolation --use-pep517 --no-deps \
        --only-binary :all: --no-binary durable-rules --wheel-dir /build/wheels --requirement runtime.txt

COPY pyproject.toml README.md LICENSE ./
COPY service service
# written to one place, compiled once; the sums of unchecked .pyc do not hang on the hour of the build
RUN /build/tools/bin/python -m pip wheel --no-cache-dir --no-index --no-build-isolation --no-deps --wheel-dir /build/wheels . \
    && python3 -m venv --without-pip /opt/exercise-cds \
    && /build/tools/bin/python -m pip --python /opt/exercise-cds/bin/python install --no-cache-dir --no-index --no-deps --no-compile \
        /build/wheels/*.whl \
    && /opt/exercise-cds/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/exercise-cds/lib

COPY LICENSE /opt/exercise-cds/
COPY rules /opt/exercise-cds/rules
COPY fhir_examples /opt/exercise-cds/fhir_examples
COPY image/finish.py /opt/exercise-cds/
# whoever runs it (OpenShift: any user, group 0) reads everything and writes nothing
RUN chmod -R u=rwX,go=rX /opt/exercise-cds

FROM ${BASE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=""
ARG CREATED=""
LABEL org.opencontainers.image.title="exercise-cds" \
      org.opencontainers.image.description="CDS Hooks service that suggests exercise programs for low back pain from declarative rules" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
COPY --from=build --chown=0:0 /opt/exercise-cds /opt/exercise-cds
WORKDIR /opt/exercise-cds
# exec form: a base without a shell will do. Takes pip and its like out of the base, and loads every compiled part once
RUN ["/opt/exercise-cds/bin/python", "-I", "-B", "/opt/exercise-cds/finish.py"]
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    EXERCISE_CDS_HOST=0.0.0.0 \
    EXERCISE_CDS_DATABASE_URL=sqlite:////data/exercise-cds.sqlite
USER 65532:65532
EXPOSE 8080
# no HEALTHCHECK: Kubernetes asks /livez and /readyz itself
ENTRYPOINT ["/opt/exercise-cds/bin/exercise-cds"]
CMD ["serve"]
