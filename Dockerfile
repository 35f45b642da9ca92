# syntax=docker/dockerfile:1
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o /firebreak ./cmd/firebreak

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /firebreak /firebreak
WORKDIR /data
VOLUME /data
EXPOSE 8010
ENTRYPOINT ["/firebreak"]
CMD ["run", "-c", "/etc/firebreak/firebreak.yaml"]
