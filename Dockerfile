# One image for the web server, the worker and every command: `docker run … flask --app wsgi worker`.

FROM docker.io/library/python:3.13-slim AS builder
WORKDIR /srv/masthead
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1
COPY requirements/base.txt requirements/base.txt
RUN python -m venv /opt/masthead \
    && /opt/masthead/bin/python -m pip install --require-hashes --no-deps --only-binary :all: -r requirements/base.txt \
    && /opt/masthead/bin/python -m pip uninstall --yes pip
COPY config config
COPY service service
COPY templates templates
COPY wsgi.py wsgi.py
# Compiled here because the running container's file system is read-only.
RUN /opt/masthead/bin/python -m compileall -q --invalidation-mode unchecked-hash .

FROM docker.io/library/python:3.13-slim
LABEL org.opencontainers.image.title="Masthead" \
      org.opencontainers.image.description="Sign-up, sign-in, password reset and sessions for a magazine's readers"
RUN groupadd --system --gid 10001 masthead \
    && useradd --system --uid 10001 --gid masthead --no-create-home --home-dir /var/lib/masthead masthead \
    && install --directory --owner masthead --group masthead --mode 0750 /var/lib/masthead
WORKDIR /srv/masthead
COPY --from=builder /opt/masthead /opt/masthead
COPY --from=builder /srv/masthead /srv/masthead
ENV PATH=/opt/masthead/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=8000
USER 10001:10001
VOLUME /var/lib/masthead
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/healthz\", timeout=2)"]
CMD ["python", "-m", "config.server"]
