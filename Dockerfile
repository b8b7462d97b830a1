# The image of Timeslice: one server that runs programs as an ordinary user.
#
#   docker build -t timeslice .
#   docker run --rm --init -p 8000:8000 -v timeslice:/data --cap-add PERFMON timeslice
#
# BASE_IMAGE may be any Debian-like image with Python 3.11 or newer, venv and pip.
ARG BASE_IMAGE=python:3.15-slim-trixie

FROM ${BASE_IMAGE} AS build
WORKDIR /src
RUN python3 -m venv /opt/timeslice
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY app app
COPY static static
COPY templates templates
# A network with a package index or certificates of its own passes them as build secrets
# (--secret id=pip.conf,src=…), of which nothing stays in the image.
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    /opt/timeslice/bin/python -m pip install --no-cache-dir --no-compile -c constraints.txt . \
    && /opt/timeslice/bin/python -m pip uninstall --yes pip setuptools \
    && /opt/timeslice/bin/python -m compileall -q /opt/timeslice

FROM ${BASE_IMAGE}
COPY --from=build /opt/timeslice /opt/timeslice
COPY --chmod=755 tools/docker/entry.sh /usr/local/bin/timeslice-entry
# Makes the user and a second copy of the interpreter that carries CAP_PERFMON: an engine gives a
# user who is not root no capability of its own, a file may. Where the container lacks it the
# kernel refuses to start that file, and the entry point falls back to the plain one.
RUN --mount=type=bind,source=tools/docker,target=/tmp/prepare python3 /tmp/prepare/prepare.py
ENV PATH=/opt/timeslice/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TIMESLICE_HOST=0.0.0.0 \
    TIMESLICE_PORT=8000 \
    TIMESLICE_DATA_DIR=/data
USER timeslice
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['TIMESLICE_PORT'] + '/healthz', timeout=2)"]
ENTRYPOINT ["timeslice-entry"]
CMD ["serve"]
