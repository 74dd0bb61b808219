package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"dropletops/internal/store"
)

func (p program) auditCommand() *cobra.Command {
	c := &cobra.Command{Use: "audit", Short: "Verify or export the audit log", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(p.auditVerify(), p.auditExport())
	return c
}

// auditLog opens the audit log of the database that the environment names.
func (p program) auditLog(ctx context.Context) (*store.Log, error) {
	url := p.databaseURL()
	if err := thereIs(url); err != nil {
		return nil, err
	}
	l, err := store.OpenLog(ctx, url)
	if err != nil {
		return nil, failure{fmt.Errorf("DATABASE_URL: %w", err)}
	}
	return l, nil
}

func (p program) auditVerify() *cobra.Command {
	var heads []string
	c := &cobra.Command{
		Use:   "verify",
		Short: "Recompute the chain of the audit log; exit 1 if a line was changed, removed or reordered",
		Long: `Recompute the chain of the audit log, and print its head. Exit 1, and the line's
number, if a line was changed, reordered, or removed from the middle. That lines
were removed from the end, or the whole chain written anew, shows against a head
that was kept elsewhere: --head takes one as verify prints it or serve logs it,
and may be given several times.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			kept := make([]store.Head, len(heads))
			for i, h := range heads {
				var err error
				if kept[i], err = store.ParseHead(h); err != nil {
					return usageError{fmt.Errorf("--head: %w", err)}
				}
			}
			log, err := p.auditLog(c.Context())
			if err != nil {
				return err
			}
			defer log.Close()
			head, err := log.Verify(c.Context(), kept)
			if err != nil {
				return failure{digestError{err}}
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%d lines, unbroken; head %s\n", head.Seq, head)
			return err
		},
	}
	c.Flags().StringArrayVar(&heads, "head", nil, "a head that was kept elsewhere, NUMBER:HASH; may be given several times")
	return c
}
