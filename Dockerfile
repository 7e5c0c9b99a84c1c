# The image for the orb and for `docker run`. docs/image.md describes its contents.
# A release pins the base image by digest (.circleci/publish-image): --build-arg PYTHON_IMAGE=…
ARG PYTHON_IMAGE=docker.io/library/python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
WORKDIR /build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# It has strip, which takes a quarter off Polars.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends binutils
COPY requirements-build.txt requirements.txt ./
RUN python3 -m venv --without-pip /opt/circleci-usage \
    && python3 -m pip --python /opt/circleci-usage/bin/python install --no-compile \
       --require-hashes -r requirements.txt \
    && python3 -m venv tools \
    && tools/bin/python -m pip install --require-hashes -r requirements-build.txt
COPY pyproject.toml README.md LICENSE ./
COPY tools/trim_environment.py tools/
COPY docs/circleci-usage.1 docs/
COPY scripts/circleci_usage scripts/circleci_usage
RUN tools/bin/python -m hatchling build --target wheel \
    && python3 -m pip --python /opt/circleci-usage/bin/python install --no-compile --no-deps --no-index dist/*.whl \
    && python3 -m compileall -q --invalidation-mode unchecked-hash \
       /opt/circleci-usage/lib/python3.*/site-packages/circleci_usage \
    && python3 tools/trim_environment.py /opt/circleci-usage/lib/python3.*/site-packages
# It compiles the templates of the pages, and fails if a run needs what was trimmed.
RUN /opt/circleci-usage/bin/circleci-usage demo --output /build/demo

FROM ${PYTHON_IMAGE}
ARG VERSION=1.0.0
LABEL org.opencontainers.image.title="CircleCI usage exporter" \
      org.opencontainers.image.description="What CircleCI credits cost, who spent them and on what" \
      org.opencontainers.image.source="https://github.com/circleci-usage/usage-exporter" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}"
COPY image-excludes /etc/dpkg/dpkg.cfg.d/
# The packages that CircleCI requires in a primary container. Versions are not pinned, to get Debian's security updates.
# The slim images have no bytecode for Python's own modules.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends bash ca-certificates git gzip openssh-client tar \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* \
    && ln -s /usr/bin/git /usr/lib/git-core/git \
    && useradd --create-home --uid 3434 --shell /bin/bash circleci \
    && python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash \
       -x '/(test|tests|idlelib|ensurepip|site-packages|dist-packages)/' \
       "$(python3 -c 'import os; print(os.path.dirname(os.__file__))')"
COPY --from=build /opt/circleci-usage /opt/circleci-usage
COPY --chmod=755 docker-entrypoint.sh /usr/local/bin/
ENV PATH=/opt/circleci-usage/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    MPLCONFIGDIR=/tmp/matplotlib \
    STORE_DIR=/tmp/store \
    OUTPUT_DIR=/tmp/reports
USER 3434
# Writable even with a read-only root file system.
WORKDIR /tmp
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["run"]
