package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"dropletops/internal/secret"
)

// redact keeps secrets out of the log, whatever quotes them: a library's error
// may hold a URL or a header. It is the last line of defence, not the first.
type redact struct {
	slog.Handler
	secrets []string
}

const redacted = "[redacted]"

func (r redact) clean(s string) string {
	for _, known := range r.secrets {
		s = strings.ReplaceAll(s, known, redacted)
	}
	return secret.Mask(s)
}

func (r redact) Handle(ctx context.Context, rec slog.Record) error {
	out := slog.NewRecord(rec.Time, rec.Level, r.clean(rec.Message), rec.PC)
	rec.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(r.attr(a))
		return true
	})
	return r.Handler.Handle(ctx, out)
}

func (r redact) attr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindString:
		return slog.String(a.Key, r.clean(v.String()))
	case slog.KindAny:
		return slog.String(a.Key, r.clean(fmt.Sprint(v.Any())))
	case slog.KindGroup:
		attrs := make([]any, 0, len(v.Group()))
		for _, g := range v.Group() {
			attrs = append(attrs, r.attr(g))
		}
		return slog.Group(a.Key, attrs...)
	default:
		return a
	}
}

func (r redact) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = r.attr(a)
	}
	return redact{r.Handler.WithAttrs(clean), r.secrets}
}

func (r redact) WithGroup(name string) slog.Handler {
	return redact{r.Handler.WithGroup(name), r.secrets}
}
