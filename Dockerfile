# Builds a small image that runs as user 10001; the root file system may be read-only, /data is the state. A directory of
# the host that is mounted there has to belong to 10001; a volume does by itself.
#
#   docker build -t dateline .
#   docker run --rm --read-only -v dateline:/data dateline

# Pin these by digest for reproducible builds, or point them at a mirror. Both are the same Debian: what is linked in the
# first runs in the second.
ARG BUILD_IMAGE=rust:1.95-slim-bookworm
ARG RUN_IMAGE=debian:bookworm-slim

FROM ${BUILD_IMAGE} AS build
# A C compiler, linker and make for SQLite, zstd, ring and jemalloc, which are built from source.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends build-essential \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build

# The dependencies, built once for as long as Cargo.toml and Cargo.lock stay the same: with stand-ins for our own source.
# Cargo.toml names the paths of tests and benchmarks, so they are not looked for.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
RUN mkdir src \
    && echo '//! Stand-in.' > src/lib.rs \
    && echo '#![allow(missing_docs)] fn main() {}' > src/main.rs \
    && cargo build --release --locked --bin dateline \
    && rm -r src

COPY src src
# The shipped configuration is compiled in.
COPY config config
# Cargo compares times: the stand-ins must not look newer than the source.
RUN touch src/lib.rs src/main.rs && cargo build --release --locked --bin dateline

FROM ${RUN_IMAGE}
# Root certificates are compiled in, so nothing is installed here.
# What is in /data tells what its owner looks for: nobody else reads it.
RUN groupadd --gid 10001 dateline \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --no-log-init --shell /usr/sbin/nologin dateline \
    && install --directory --mode 0700 --owner 10001 --group 10001 /data
COPY --from=build /build/target/release/dateline /usr/local/bin/dateline
COPY config/*.toml /etc/dateline/
COPY LICENSE-APACHE LICENSE-MIT /usr/share/doc/dateline/

# It listens on the container's own loopback, as everywhere. To publish the port, say who may read: a token
# (DATELINE_SERVE__TOKEN_FILE), or DATELINE_SERVE__PUBLIC=true with the port published on 127.0.0.1 as in compose.yaml.
ENV DATELINE_DATA_DIR=/data \
    DATELINE_CONFIG=/etc/dateline/dateline.toml

# A number, so that Kubernetes can see that it is not root.
USER 10001:10001
# SQLite puts temporary files into the working directory where there is no other place to write.
WORKDIR /data
VOLUME /data
EXPOSE 8480
STOPSIGNAL SIGTERM
# Its own limit is the shorter one, so that it can say what is wrong.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["dateline", "health", "--timeout", "4s"]
ENTRYPOINT ["dateline"]
CMD ["run"]
