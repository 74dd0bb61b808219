// Command dropletops operates DigitalOcean Droplets from Slack. This package is
// wiring alone: one file per subcommand, no logic.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"dropletops/internal/secret"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Exit codes, by docs/CONTRACT.md §1.
const (
	exitDone  = 0
	exitFail  = 1 // failed while running
	exitUsage = 2 // wrong usage or configuration
)

// run is the whole program. environ is in the form of os.Environ.
func run(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return program{environ: environ, knobs: knobs{}}.run(ctx, args, stdin, stdout, stderr)
}

// program is one run of the command.
type program struct {
	environ []string
	knobs   knobs
}

func (p program) run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := &cobra.Command{
		Use:   "dropletops",
		Short: "Operate DigitalOcean Droplets from Slack",
		Long: `Dropletops lets a team operate DigitalOcean Droplets from Slack: slash commands
and mentions, approval by another person for what destroys, progress in the
thread until the action has really ended.

Try it without any account:   dropletops demo
Run it against the real ones:   dropletops serve   (dropletops serve --help has its environment)`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          noArgs,
		Version:       about(),
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(p.serveCommand(), p.demoCommand(), p.checkCommand(), p.policyCommand(), p.auditCommand(), p.migrateCommand(), p.factorCommand(), versionCommand())
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	var reported reportedError
	if !errors.As(err, &reported) {
		mask := secret.MaskAll // what was typed or set may be a token in the wrong place
		if errors.As(err, new(digestError)) {
			mask = secret.Mask
		}
		fmt.Fprintln(stderr, "dropletops: "+mask(err.Error()))
	}
	var failed failure
	if errors.As(err, &failed) {
		return exitFail
	}
	return exitUsage
}

// failure is an error of exit code 1; all others that reach run are of usage.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// digestError is one that names digests of the audit log, which look like keys.
type digestError struct{ error }

func (d digestError) Unwrap() error { return d.error }

// usageError is an error of exit code 2 that names how to call it right.
type usageError struct{ error }

func (u usageError) Error() string {
	return u.error.Error() + " (dropletops --help tells what there is)"
}

// reportedError is one that was already printed, in lines of its own.
type reportedError struct{ error }

func (r reportedError) Unwrap() error { return r.error }
