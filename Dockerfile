# syntax=docker/dockerfile:1
# leadpulse: worker, notifier, simulator and all other commands in one image. `docker build --tag leadpulse .`

# The full image has a compiler: for the core, and for platforms that a dependency has no wheel for (faust-streaming:
# Linux on ARM).
FROM python:3.11.14-bookworm AS build

RUN pip install --no-cache-dir uv==0.13.9
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_PROJECT_ENVIRONMENT=/opt/leadpulse \
    UV_PYTHON_DOWNLOADS=never \
    HATCH_BUILD_HOOK_ENABLE_CUSTOM=1
WORKDIR /src

# First what changes seldom: the locked dependencies.
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --no-install-project

COPY README.md LICENSE NOTICE hatch_build.py ./
COPY schemas schemas
COPY processors processors
COPY streams streams
RUN uv sync --frozen --no-dev --no-editable


FROM python:3.11.14-slim-bookworm

ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="leadpulse" \
      org.opencontainers.image.description="Real-time lead-funnel numbers from Kafka to Prometheus, exact after a crash" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# The programs that install others are of no use here, and of some to an intruder.
RUN pip uninstall --yes --root-user-action=ignore setuptools wheel pip

COPY --from=build /opt/leadpulse /opt/leadpulse
ENV PATH=/opt/leadpulse/bin:$PATH \
    PYTHONUNBUFFERED=1

# By number, so that Kubernetes can see that it is not root. Nothing is written but temporary files.
USER 10001:10001
WORKDIR /tmp
EXPOSE 9464
STOPSIGNAL SIGTERM

# Whether the process will recover by itself; /readyz, whether its numbers are there. Other commands than `worker` need
# another check, or none.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:9464/livez', timeout=4)"]

ENTRYPOINT ["leadpulse"]
CMD ["worker"]
