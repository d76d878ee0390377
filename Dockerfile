# One image for the daemon and every command: `docker compose up -d`, `docker compose run --rm tracker status`.
FROM python:3.12-slim AS build
WORKDIR /src
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN python -m venv /opt/tracker/.venv \
 && /opt/tracker/.venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY tracker ./tracker
RUN /opt/tracker/.venv/bin/pip install --no-cache-dir --no-deps .

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /state --shell /usr/sbin/nologin tracker \
 && install -d -o tracker -g tracker -m 0700 /state
COPY --from=build /opt/tracker /opt/tracker
ENV PATH=/opt/tracker/.venv/bin:$PATH \
    TRACKER_CONFIG=/etc/tracker/tracker.toml \
    STATE_DIRECTORY=/state \
    OPENBLAS_NUM_THREADS=1 \
    PYTHONDONTWRITEBYTECODE=1
USER 10001
VOLUME /state
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s CMD ["tracker", "doctor", "--running"]
ENTRYPOINT ["tracker"]
CMD ["run"]
