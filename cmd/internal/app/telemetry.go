package app

import (
	"context"
	"net/url"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"go.opentelemetry.io/otel/attribute"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
)

// TelemetryConfig says where traces of Firebreak's own work go.
type TelemetryConfig struct {
	// OTLP is the address of an OTLP/HTTP collector, as http://127.0.0.1:4318; empty sends nothing.
	OTLP string `yaml:"otlp" doc:"address of an OTLP/HTTP collector for traces; nothing is sent when left out"`
	// Headers go with every export.
	Headers map[string]secret.Value `yaml:"headers" doc:"headers of every export, for collectors that want a key"`
	// Sample is the share of ways that are traced, 100 % when left out.
	Sample float64 `yaml:"sample,percent" doc:"share of the ways that are traced; 100 % when left out"`
}

// Check reports every fault.
func (c TelemetryConfig) Check(r *diag.Report) {
	if c.OTLP != "" {
		if u, err := url.Parse(c.OTLP); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			r.Faultf("otlp", "bad-url", "not an http(s) address").Suggest("write for example http://127.0.0.1:4318")
		}
	}
	if c.Sample < 0 || c.Sample > 1 {
		r.Faultf("sample", "out-of-range", "a share lies between 0 %% and 100 %%")
	}
}

// newTracing makes the tracer provider and what ends it. Without a collector it traces nothing and costs nothing.
func newTracing(ctx context.Context, c TelemetryConfig, version string) (trace.TracerProvider, func(context.Context) error, error) {
	if c.OTLP == "" {
		return noop.NewTracerProvider(), func(context.Context) error { return nil }, nil
	}
	headers := make(map[string]string, len(c.Headers))
	for name, value := range c.Headers {
		headers[name] = value.Reveal()
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(c.OTLP+"/v1/traces"), otlptracehttp.WithHeaders(headers))
	if err != nil {
		return nil, nil, err
	}
	share := c.Sample
	if share == 0 {
		share = 1
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(share))),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "firebreak"), attribute.String("service.version", version))),
	)
	return provider, provider.Shutdown, nil
}
