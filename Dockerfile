# Two stages: the first installs the hash-locked requirements, the second carries the result and runs as nobody special.
FROM python:3.13-slim-bookworm AS build
WORKDIR /app
RUN ["python", "-m", "venv", "/app/venv"]
# `--build-arg SET=full` is for signing keys in a hardware security module and for signed PDFs.
ARG SET=base
COPY requirements/${SET}.txt requirements/locked.txt
# Every package comes as a wheel, so neither stage holds a compiler.
RUN ["/app/venv/bin/python", "-m", "pip", "install", "--no-cache-dir", "--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", "requirements/locked.txt"]
# Nothing is installed after this.
RUN ["/app/venv/bin/python", "-m", "pip", "uninstall", "--yes", "pip"]

FROM python:3.13-slim-bookworm
RUN ["useradd", "--system", "--uid", "10001", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", "exam"]
# The folder belongs to the service before the volume is made, so the volume does too.
RUN ["install", "--directory", "--owner=exam", "--group=exam", "--mode=0700", "/var/lib/exam"]
WORKDIR /app
COPY --from=build /app/venv /app/venv
COPY LICENSE LICENSE
COPY certs certs
COPY question_banks question_banks
COPY exam_service exam_service
RUN ["/app/venv/bin/python", "-m", "compileall", "-q", "exam_service"]

ENV PATH=/app/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    EXAM_HOST=0.0.0.0 \
    EXAM_DATA_DIR=/var/lib/exam
VOLUME /var/lib/exam
EXPOSE 8000
USER exam
# At SIGTERM readiness is withdrawn and what was accepted is finished; EXAM_DRAIN_SECONDS and EXAM_DRAIN_LIMIT_SECONDS say within which time.
STOPSIGNAL SIGTERM
# The image has no curl; Python asks itself.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ.get('EXAM_PORT') or 8000}/healthz\", timeout=2)"]
ENTRYPOINT ["python", "-m", "exam_service"]
CMD ["serve"]
