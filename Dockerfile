# syntax=docker/dockerfile:1
# A static binary in an image with nothing else but certificates, run as nobody.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
# SQLite is pure Go (modernc.org/sqlite), so there is no C in it.
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w -X main.version=${VERSION}" -o /dropletops ./cmd/dropletops \
 && mkdir /data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /dropletops /dropletops
COPY --from=build /src/LICENSE /src/THIRD_PARTY_NOTICES /licenses/
# The database. Keep it on a volume: what waits for approval is in it.
COPY --from=build --chown=65532:65532 /data /data
VOLUME /data
ENV DATABASE_URL=sqlite:/data/dropletops.db HTTP_ADDR=0.0.0.0:8089 LOG_FORMAT=json
EXPOSE 8089
USER 65532:65532
ENTRYPOINT ["/dropletops"]
CMD ["serve"]
