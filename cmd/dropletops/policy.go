package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/caarlos0/env/v11"
	"github.com/spf13/cobra"

	"dropletops/approvals"
	"dropletops/internal/policy"
	"dropletops/internal/secret"
	"dropletops/internal/store"
)

func (p program) policyCommand() *cobra.Command {
	c := &cobra.Command{Use: "policy", Short: "Check, test, explain and look up policy files", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(p.policyCheck(), p.policyTest(), p.policyExplain(), p.policyShow())
	return c
}

func (p program) policyCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check [file]",
		Short: "Say what is wrong with a policy file, a line each; exit 2 if anything is",
		Long: `Say what is wrong with a policy file (POLICY_FILE, if none is named), a line each:
file:line:column: what is wrong (what would be right). Warnings are of what is valid
and probably not meant, of each rule that asks for less than the built-in policy, meant
or not, and of each that goes by the Droplet's name. Exit 2 if it is not valid.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			out := secret.Writer(c.OutOrStdout())
			pol, err := p.loadPolicy(args, out)
			if err != nil {
				return err
			}
			for _, w := range slices.Concat(pol.Warnings(), pol.Lowered(), pol.ByName()) {
				fmt.Fprintln(out, w)
			}
			fmt.Fprintf(out, "valid: %s\n", pol)
			return nil
		},
	}
}

func (p program) policyTest() *cobra.Command {
	return &cobra.Command{
		Use:   "test [file]",
		Short: "Run the tests in a policy file; exit 1 if one fails",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			out := secret.Writer(c.OutOrStdout())
			pol, err := p.loadPolicy(args, out)
			if err != nil {
				return err
			}
			all, failed := pol.Test(out)
			fmt.Fprintf(out, "%d of %d tests hold\n", all-failed, all)
			if failed > 0 {
				return failure{reportedError{fmt.Errorf("%d of %d tests fail", failed, all)}}
			}
			return nil
		},
	}
}

// loadPolicy reads the file that is named, or POLICY_FILE, and prints what is
// wrong with it, a line each.
func (p program) loadPolicy(args []string, out io.Writer) (*policy.Policy, error) {
	file := env.ToMap(p.environ)["POLICY_FILE"]
	if len(args) > 0 {
		file = args[0]
	}
	if file == "" {
		return nil, usageError{errors.New("no policy file is named, and POLICY_FILE is not set")}
	}
	pol, err := policy.Load(file)
	var wrong policy.Problems
	if errors.As(err, &wrong) {
		fmt.Fprintln(out, wrong)
		return nil, reportedError{err}
	}
	if err != nil {
		return nil, fmt.Errorf("read the policy: %w", err)
	}
	return pol, nil
}

// explained is the request that explain is asked about.
type explained struct {
	action, requester, channel, now string
	args, groups                    []string
	droplet                         approvals.Droplet
	targets                         int
	shared                          bool
}

func (p program) policyExplain() *cobra.Command {
	o := explained{droplet: policy.AnyDroplet(1)}
	c := &cobra.Command{
		Use:   "explain [file]",
		Short: "Say which rule applies to a request, why those before it do not, and who may approve",
		Long: `Say which rule of a policy file (POLICY_FILE, if none is named) applies to a request,
why each one before it does not, and who may approve. It asks neither Slack nor
DigitalOcean: what is not said of the Droplet or of who asks is made up.`,
		Example: "  dropletops policy explain policy.yml --action rebuild --arg image=ubuntu-24-04-x64 \\\n" +
			"    --droplet-name db-1 --tag production --requester U024BE7LH --group dba --now 2026-12-24T18:00",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			out := secret.Writer(c.OutOrStdout())
			pol, err := p.loadPolicy(args, out)
			if err != nil {
				return err
			}
			request, err := o.request(pol, p.knobs.now())
			if err != nil {
				return usageError{err}
			}
			said, err := pol.Explain(c.Context(), request, append([]string{}, o.groups...))
			if err != nil {
				return failure{err}
			}
			fmt.Fprint(out, said)
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&o.action, "action", "", "the action, such as rebuild (required)")
	f.StringArrayVar(&o.args, "arg", nil, "an argument of it, as name=value")
	f.IntVar(&o.droplet.ID, "droplet-id", o.droplet.ID, "the Droplet's ID")
	f.StringVar(&o.droplet.Name, "droplet-name", o.droplet.Name, "its name")
	f.StringArrayVar(&o.droplet.Tags, "tag", nil, "a tag of it")
	f.StringVar(&o.droplet.Region, "region", o.droplet.Region, "its region")
	f.StringVar(&o.droplet.Size, "size", o.droplet.Size, "its size")
	f.StringVar(&o.droplet.Status, "status", o.droplet.Status, "its status")
	f.StringVar(&o.droplet.Image, "image", o.droplet.Image, "its image")
	f.StringVar(&o.droplet.Created, "created", o.droplet.Created, "when it was created, as RFC 3339")
	f.IntVar(&o.targets, "targets", 1, "how many Droplets like it the request is for")
	f.StringVar(&o.requester, "requester", "U0SOMEONE", "the user ID of who asks")
	f.StringArrayVar(&o.groups, "group", nil, "a group that they are in")
	f.StringVar(&o.channel, "channel", "C0SOMEWHERE", "the ID of the channel")
	f.BoolVar(&o.shared, "shared", false, "people of other workspaces are in the channel")
	f.StringVar(&o.now, "now", "", "when, such as 2026-12-24T18:00, in the policy's time zone; now if left out")
	return c
}

func (p program) policyShow() *cobra.Command {
	return &cobra.Command{
		Use:   "show [digest]",
		Short: "Print a policy file that was in force, by the digest that the audit log has",
		Long: `Print the text of a policy file as it was in force, by the digest that the audit log,
a card and /droplet why have. Without a digest, list all that were, from when on. They
are kept in the database that DATABASE_URL names, for ever, each text once.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			log, err := p.auditLog(c.Context())
			if err != nil {
				return err
			}
			defer log.Close()
			if len(args) == 0 {
				return listPolicies(c, log)
			}
			digest := strings.ToLower(args[0])
			text, err := log.Policy(c.Context(), digest)
			switch {
			case errors.Is(err, approvals.ErrNotFound):
				return failure{fmt.Errorf("no policy with the digest %.80q is kept here: dropletops policy show lists those that are", args[0])}
			case err != nil:
				return failure{err}
			case !policy.Fits(text.Text, digest):
				return failure{fmt.Errorf("the text that is kept as policy %.80q is not the one that was in force: it was changed in the database", digest)}
			}
			_, err = c.OutOrStdout().Write(text.Text)
			return err
		},
	}
}

func listPolicies(c *cobra.Command, log *store.Log) error {
	all, err := log.Policies(c.Context())
	if err != nil {
		return failure{err}
	}
	if len(all) == 0 {
		_, err := fmt.Fprintln(c.OutOrStdout(), "No policy file was in force here yet.")
		return err
	}
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "DIGEST\tFIRST IN FORCE\tFILE")
	for _, t := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\n", printable(t.Digest), t.Since.Format(time.RFC3339), printable(t.File))
	}
	return w.Flush()
}

// printable is a text from the database as it can be shown on a terminal, in one line:
// whoever wrote it there may not be the one who reads it.
func printable(s string) string {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) }) {
		return strconv.Quote(s)
	}
	return s
}

// mostExplained bounds what is printed.
const mostExplained = 100

func (o explained) request(pol *policy.Policy, now time.Time) (approvals.Case, error) {
	if o.action == "" {
		return approvals.Case{}, errors.New("--action is not given, such as --action rebuild")
	}
	if o.targets < 1 || o.targets > mostExplained {
		return approvals.Case{}, fmt.Errorf("--targets is %d: it is from 1 to %d", o.targets, mostExplained)
	}
	args := map[string]string{}
	for _, a := range o.args {
		name, value, ok := strings.Cut(a, "=")
		if !ok {
			return approvals.Case{}, fmt.Errorf("--arg is %q: it is name=value", a)
		}
		args[name] = value
	}
	action, err := policy.ActionOf(o.action, args)
	if err != nil {
		return approvals.Case{}, err
	}
	for _, g := range o.groups {
		if _, ok := pol.Group(g); !ok {
			return approvals.Case{}, fmt.Errorf("--group is %q, and the policy has no such group", g)
		}
	}
	if o.now != "" {
		if now, err = pol.Time(o.now); err != nil {
			return approvals.Case{}, fmt.Errorf("--now is %q: it is a time such as 2026-12-24T18:00 or 2026-12-24T18:00:00+01:00", o.now)
		}
	}
	c := approvals.Case{Action: action, Channel: o.channel, Shared: o.shared, Now: now,
		Requester: approvals.Person{Who: approvals.Who{UserID: o.requester}, Standing: approvals.Member}}
	for i := range o.targets {
		d := o.droplet
		d.ID += i
		c.Targets = append(c.Targets, d)
	}
	c.Action.Danger = policy.DangerOn(c.Action, c.Targets)
	return c, nil
}
