# syntax=docker/dockerfile:1
FROM golang:1.26-bookworm AS build
ARG VERSION=dev
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /firebreak ./cmd/firebreak && mkdir /data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /firebreak /firebreak
# The SQLite file stands in the working directory, which an unprivileged user must be able to write.
COPY --from=build --chown=65532:65532 /data /data
WORKDIR /data
VOLUME /data
# The port is reached from outside of the container only with server.listen: 0.0.0.0:8010, which wants a server.token.
EXPOSE 8010
ENTRYPOINT ["/firebreak"]
CMD ["run", "-c", "/etc/firebreak/firebreak.yaml"]
