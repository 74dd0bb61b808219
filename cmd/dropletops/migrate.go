package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"dropletops/internal/store"
)

func (p program) migrateCommand() *cobra.Command {
	to := ""
	c := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database's tables up to date, or back to an older version",
		Long: `Bring the tables of the database that DATABASE_URL names up to date, as serve does
at its start where its role may: run it as the tables' owner where serve has a
role that may not.

--to takes them up or down to a version. An older program works on newer tables,
so nobody has to take them down for going back to it; what the newer one has
written in tables and columns of its own would be lost.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			version := int64(store.Newest)
			if to != "" {
				n, err := strconv.ParseInt(to, 10, 32)
				if err != nil || n < 1 {
					return usageError{fmt.Errorf("--to is %q: it is a version's number, such as 3", to)}
				}
				version = n
			}
			from, at, err := store.Migrate(c.Context(), p.databaseURL(), version)
			if err != nil {
				return failure{fmt.Errorf("DATABASE_URL: %w", err)}
			}
			if from == at {
				_, err = fmt.Fprintf(c.OutOrStdout(), "the tables are at version %d already\n", at)
			} else {
				_, err = fmt.Fprintf(c.OutOrStdout(), "the tables were at version %d, and are at version %d\n", from, at)
			}
			return err
		},
	}
	c.Flags().StringVar(&to, "to", "", "the version they are to be at; the newest, if it is not given")
	return c
}
