package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"dropletops/internal/store"
)

func (p program) auditCommand() *cobra.Command {
	c := &cobra.Command{Use: "audit", Short: "Verify or export the audit log", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(p.auditVerify(), p.auditExport())
	return c
}

// auditStore opens the database that the environment names.
func (p program) auditStore(ctx context.Context) (*store.Store, error) {
	url := "sqlite:dropletops.db"
	for _, kv := range p.environ {
		if v, ok := strings.CutPrefix(kv, "DATABASE_URL="); ok && v != "" {
			url = v
		}
	}
	if file, ok := strings.CutPrefix(url, "sqlite:"); ok {
		if _, err := os.Stat(file); err != nil { // opening it would make an empty one, and find nothing wrong with it
			return nil, failure{fmt.Errorf("DATABASE_URL: there is no database %s here", file)}
		}
	}
	s, err := store.Open(ctx, url, "audit", time.Now)
	if err != nil {
		return nil, failure{fmt.Errorf("DATABASE_URL: %w", err)}
	}
	return s, nil
}

func (p program) auditVerify() *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "Recompute the chain of the audit log; exit 1 if a line was changed, removed or reordered",
		Long: `Recompute the chain of the audit log, and print its head. Exit 1, and the line's
number, if a line was changed, reordered, or removed from the middle. That lines
were removed from the end shows against a head that you kept elsewhere alone.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := p.auditStore(c.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			var last store.AuditLine
			if err := s.Audit(c.Context(), func(l store.AuditLine) error { last = l; return nil }); err != nil {
				return failure{err}
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%d lines, unbroken; head %s\n", last.Seq, last.Hash)
			return err
		},
	}
}

func (p program) auditExport() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "export",
		Short: "Write the audit log as JSON Lines or CSV",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if format != "jsonl" && format != "csv" {
				return usageError{fmt.Errorf("--format is %q: it is jsonl or csv", format)}
			}
			s, err := p.auditStore(c.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			write := jsonLines(c)
			if format == "csv" {
				var flush func() error
				if write, flush, err = csvLines(c); err != nil {
					return failure{err}
				}
				defer func() { _ = flush() }()
			}
			if err := s.Audit(c.Context(), write); err != nil {
				return failure{err}
			}
			return nil
		},
	}
	c.Flags().StringVar(&format, "format", "jsonl", "jsonl or csv")
	return c
}

func jsonLines(c *cobra.Command) func(store.AuditLine) error {
	enc := json.NewEncoder(c.OutOrStdout())
	enc.SetEscapeHTML(false)
	return func(l store.AuditLine) error {
		return enc.Encode(struct {
			Seq  int64  `json:"seq"`
			Line any    `json:"line"`
			Hash string `json:"hash"`
		}{l.Seq, l.Line, l.Hash})
	}
}

func csvLines(c *cobra.Command) (write func(store.AuditLine) error, flush func() error, err error) {
	w := csv.NewWriter(c.OutOrStdout())
	flush = func() error { w.Flush(); return w.Error() }
	if err := w.Write([]string{"seq", "at", "request_id", "what", "who", "droplet_id", "why", "detail", "hash"}); err != nil {
		return nil, nil, err
	}
	return func(l store.AuditLine) error {
		detail, err := json.Marshal(l.Line.Detail)
		if err != nil {
			return err
		}
		droplet := ""
		if l.Line.DropletID != 0 {
			droplet = strconv.Itoa(l.Line.DropletID)
		}
		row := []string{strconv.FormatInt(l.Seq, 10), l.Line.At.UTC().Format(time.RFC3339Nano), l.Line.RequestID,
			l.Line.What, l.Line.Who, droplet, l.Line.Why, string(detail), l.Hash}
		for i := range row {
			row[i] = noFormula(row[i])
		}
		if err := w.Write(row); err != nil {
			return err
		}
		return flush()
	}, flush, nil
}

// noFormula keeps a spreadsheet from running what someone typed in Slack.
func noFormula(s string) string {
	if s != "" && (s[0] == '=' || s[0] == '+' || s[0] == '-' || s[0] == '@') {
		return "'" + s
	}
	return s
}
