# The API alone. There is no mongod in here, so it needs MONGODB_URI: docker-compose.yml shows how.
#   docker build -t stockbatch .
#   docker run --rm -p 127.0.0.1:8000:8000 -e MONGODB_URI="mongodb://…/?replicaSet=rs0" \
#     -e API_KEYS_FILE=/keys -v "$PWD/api-keys.jsonl:/keys:ro" stockbatch
# It has no keys, and without some (or AUTH=none) it does not start: docs/access.md. It begins in development mode;
# for others than yourself, set SERVER_MODE=production: docs/operating.md.

# GraphiQL as files of our own, which need no internet when they are used.
FROM node:24-slim AS web

WORKDIR /app/web

COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci

COPY web/ ./
COPY server/web/graphiql/static/ ../server/web/graphiql/static/
RUN npm run build

FROM python:3.11-slim

WORKDIR /app

COPY requirements/serve.txt requirements/serve.txt
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/serve.txt

COPY schema/ schema/
COPY server/ server/
COPY --from=web /app/server/web/graphiql/built/ server/web/graphiql/built/

RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin stockbatch
USER 10001

ENV HOST=0.0.0.0
EXPOSE 8000

# A database that is away answers 503 after at most 5 s, and urlopen raises.
HEALTHCHECK --interval=10s --timeout=10s --start-period=15s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ.get('PORT', '8000') + '/readyz', timeout=8)"]

CMD ["python", "-m", "server"]
