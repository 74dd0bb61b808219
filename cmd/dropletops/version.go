package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"dropletops"
)

// version is set by the linker at a release.
var version = "dev"

func versionCommand() *cobra.Command {
	licenses := false
	c := &cobra.Command{
		Use:   "version",
		Short: "Print version, commit and Go version",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			text := about() + "\n"
			if licenses {
				text = dropletops.Notices
			}
			_, err := fmt.Fprint(c.OutOrStdout(), text)
			return err
		},
	}
	c.Flags().BoolVar(&licenses, "licenses", false, "print the licenses of all that is linked into the program instead")
	return c
}

// about is version, commit and Go version in a line.
func about() string {
	return fmt.Sprintf("dropletops %s, commit %s, %s", version, commit(), runtime.Version())
}

// commit is the commit this was built from, as the Go tool stamped it.
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	rev, dirty := "unknown", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			rev = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+changes"
		}
	}
	return rev + dirty
}

// noArgs is cobra.NoArgs with our exit code.
func noArgs(c *cobra.Command, args []string) error {
	if err := cobra.NoArgs(c, args); err != nil {
		return usageError{err}
	}
	return nil
}
