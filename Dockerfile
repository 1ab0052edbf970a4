# syntax=docker/dockerfile:1
# Builds a small image without a shell login, as user 10001; the root file system may be read-only, /data is the state.
#
#   docker build -t dateline .
#   docker run --rm --read-only -v dateline:/data -p 127.0.0.1:8480:8480 dateline

# Pin these by digest for reproducible builds, or point them at a mirror.
ARG BUILD_IMAGE=docker.io/library/rust:1.95-slim-bookworm
ARG RUN_IMAGE=docker.io/library/debian:bookworm-slim

FROM ${BUILD_IMAGE} AS build
# A C compiler and linker for SQLite, zstd and ring, which are built from source.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends build-essential \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build

# The dependencies, built once for as long as Cargo.toml and Cargo.lock stay the same: a stand-in for our own source.
COPY Cargo.toml Cargo.lock ./
RUN mkdir -p src tests/it \
    && echo '//! Stand-in.' > src/lib.rs \
    && echo 'fn main() {}' | tee src/main.rs tests/it/main.rs > build.txt \
    && mkdir -p benches && for bench in $(sed -n '/^\[\[bench\]\]/,/^$/s/^name = "\(.*\)"/\1/p' Cargo.toml); do \
         echo 'fn main() {}' > "benches/$bench.rs"; \
       done \
    && cargo build --release --locked --bin dateline \
    && rm -rf src tests benches build.txt

COPY src src
# The shipped configuration is compiled in.
COPY config config
# Cargo compares times: the stand-in must not look newer than the source.
RUN find src -name '*.rs' -exec touch {} + \
    && mkdir -p tests/it && echo 'fn main() {}' > tests/it/main.rs \
    && mkdir -p benches && for bench in $(sed -n '/^\[\[bench\]\]/,/^$/s/^name = "\(.*\)"/\1/p' Cargo.toml); do \
         echo 'fn main() {}' > "benches/$bench.rs"; \
       done \
    && cargo build --release --locked --bin dateline

FROM ${RUN_IMAGE}
# Root certificates are compiled in, so nothing is installed here.
RUN groupadd --system --gid 10001 dateline \
    && useradd --system --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin dateline \
    && install --directory --owner 10001 --group 10001 /data
COPY --from=build /build/target/release/dateline /usr/local/bin/dateline
COPY config/dateline.toml config/sources.toml config/topics.toml /etc/dateline/

# Inside a container loopback reaches nobody. Who may reach the port is decided where it is published: keep it on
# 127.0.0.1, or mount a token and set DATELINE_SERVE__TOKEN_FILE and DATELINE_SERVE__PUBLIC=false.
ENV DATELINE_DATA_DIR=/data \
    DATELINE_CONFIG=/etc/dateline/dateline.toml \
    DATELINE_SERVE__LISTEN=0.0.0.0:8480 \
    DATELINE_SERVE__PUBLIC=true

# A number, so that Kubernetes can see that it is not root.
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8480
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["dateline", "health"]
ENTRYPOINT ["dateline"]
CMD ["run"]
