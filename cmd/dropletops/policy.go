package main

import (
	"errors"

	"github.com/spf13/cobra"
)

// policyCommand says what it can't do yet: this version has the built-in policy
// alone, and must not let anyone believe that their file was checked.
func (p program) policyCommand() *cobra.Command {
	c := &cobra.Command{Use: "policy", Short: "Check, test and explain a policy file (not in this version)", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	for _, verb := range []string{"check", "test", "explain"} {
		c.AddCommand(&cobra.Command{Use: verb, Short: "Not in this version: it has the built-in policy alone",
			RunE: func(*cobra.Command, []string) error {
				return usageError{errors.New("policy files are not in this version: it has the built-in policy alone")}
			}})
	}
	return c
}
