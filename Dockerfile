# limn in a container: docker build -t limn . && docker run --rm -v "$PWD:/work" limn sample builtin:doodles -o sheet.png
# Untried: no Docker was at hand. scripts/release.sh tries the same package in a fresh Debian 12.
FROM debian:bookworm AS build
COPY . /limn
WORKDIR /limn
RUN scripts/install-deps.sh --release && \
    cmake -B build/deb -G Ninja -D CMAKE_BUILD_TYPE=Release -D CMAKE_INSTALL_PREFIX=/usr \
      -D LIMN_BUILD_TESTS=OFF -D LIMN_WITH_TORCH=OFF -D LIMN_BUILD_PACKAGE=ON && \
    cmake --build build/deb --target package

FROM debian:bookworm-slim
COPY --from=build /limn/build/deb/limn_*.deb /tmp/
RUN apt-get update && apt-get install --yes --no-install-recommends /tmp/limn_*.deb && \
    rm -rf /tmp/limn_*.deb /var/lib/apt/lists/*
WORKDIR /work
ENTRYPOINT ["limn"]
