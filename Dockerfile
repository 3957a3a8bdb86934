# docker build -t lstm-workbench .
# docker run --init -p 127.0.0.1:8501:8501 -v lstm-workbench:/data lstm-workbench
#
# BASE         an image with Python 3.11 to 3.13, the same for both stages: the environment is made and run at one path
# TORCH_INDEX  where torch comes from. As it is, wheels for the processor: a container sees no GPU unless it is given
#              one, and they are gigabytes smaller. Empty for the ordinary torch (then run with --gpus all)
# secret pip   a pip.conf for the build alone, where packages come from a mirror of yours; it stays in no layer:
#              docker build --secret id=pip,src=pip.conf .
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY requirements.txt ./
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    python3 -m venv /venv \
    && if [ -n "${TORCH_INDEX}" ]; then \
         /venv/bin/pip install --index-url "${TORCH_INDEX}" "$(grep '^torch==' requirements.txt)"; \
       fi \
    && /venv/bin/pip install -r requirements.txt \
    && /venv/bin/pip uninstall --yes pip

FROM ${BASE}
COPY --from=build /venv /venv
WORKDIR /app
COPY . ./
# Runs, recordings and texts. Recordings of the demo (0.7 GB) are made here at the first start, not in the image: they
# would make its 2 GB 2.7, and what people record themselves lies here anyway.
RUN install --directory --owner=10001 --group=10001 /data
ENV PATH=/venv/bin:$PATH \
    HOME=/data \
    LSTM_HOME=/data \
    OMP_WAIT_POLICY=PASSIVE \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
VOLUME /data
EXPOSE 8501
# The first start reads the demo before it listens: failures count after ten minutes, a success at once.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10m \
    CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
# It listens on all addresses of the container, for nothing else reaches a published port. Who may use it is up to -p;
# .streamlit/config.toml holds here too: pages are served under the names localhost and 127.0.0.1 only, forms are
# protected. Under other names: -e "STREAMLIT_SERVER_ALLOWED_HOSTS=localhost name.example.org"
ENTRYPOINT ["python3", "-m", "app", "--address", "0.0.0.0", "--port", "8501"]
