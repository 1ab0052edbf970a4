# syntax=docker/dockerfile:1
# Builds a small image without a shell login, as user 10001; the root file system may be read-only, /data is the state.
#
#   docker build -t dateline .
#   docker run --rm --read-only --tmpfs /tmp -v dateline:/data dateline

# Pin these by digest for reproducible builds, or point them at a mirror.
ARG BUILD_IMAGE=docker.io/library/rust:1.95-slim-bookworm
ARG RUN_IMAGE=docker.io/library/debian:bookworm-slim

FROM ${BUILD_IMAGE} AS build
# A C compiler and linker for SQLite, zstd and ring, which are built from source.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends build-essential \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build

# The dependencies, built once for as long as Cargo.toml and Cargo.lock stay the same: with stand-ins for our own source.
COPY Cargo.toml Cargo.lock ./
RUN mkdir -p src tests/it benches \
    && echo '//! Stand-in.' > src/lib.rs \
    && echo 'fn main() {}' > src/main.rs \
    && cp src/main.rs tests/it/main.rs \
    && for bench in $(sed -n '/^\[\[bench\]\]/,/^$/s/^name = "\(.*\)"/\1/p' Cargo.toml); do \
         cp src/main.rs "benches/$bench.rs"; \
       done \
    && cargo build --release --locked --bin dateline \
    && rm -r src

COPY src src
# The shipped configuration is compiled in.
COPY config config
# Cargo compares times: the stand-ins must not look newer than the source.
RUN touch src/lib.rs src/main.rs && cargo build --release --locked --bin dateline

FROM ${RUN_IMAGE}
# Root certificates are compiled in, so nothing is installed here.
RUN groupadd --system --gid 10001 dateline \
    && useradd --system --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin dateline \
    && install --directory --owner 10001 --group 10001 /data
COPY --from=build /build/target/release/dateline /usr/local/bin/dateline
COPY config/dateline.toml config/sources.toml config/topics.toml /etc/dateline/

# It listens on the container's own loopback, as everywhere. To publish the port, say who may read: a token
# (DATELINE_SERVE__TOKEN_FILE), or DATELINE_SERVE__PUBLIC=true with the port published on 127.0.0.1 as in compose.yaml.
ENV DATELINE_DATA_DIR=/data \
    DATELINE_CONFIG=/etc/dateline/dateline.toml

# A number, so that Kubernetes can see that it is not root.
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8480
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["dateline", "health"]
ENTRYPOINT ["dateline"]
CMD ["run"]
