package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"dropletops/internal/factor"
	"dropletops/internal/task"
)

func (p program) factorCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "factor",
		Short: "Enroll people's second factor, list and remove them",
		Long: `Keep the second factors that the policy may ask for at an approval: six digits
from an authenticator app (TOTP). It can be used while the bot runs, and holds at
once. It is set up by DATABASE_URL, and by

  SECOND_FACTOR_KEY      32 bytes in base64 or hex, under which secrets are kept:
                         openssl rand -base64 32
  SECOND_FACTOR_KEY_OLD  the one before it, until factor rotate has run

Each may come from a file instead: SECOND_FACTOR_KEY_FILE, SECOND_FACTOR_KEY_OLD_FILE.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(p.factorEnroll(), p.factorList(), p.factorRemove(), p.factorRotate())
	return c
}

// withFactors lets f use the second factors in the database that the environment
// names. A running serve may be at the same file: all that is done here is one
// short transaction each, and nothing that serve has in hand is touched, so its
// ownership of the file (store.Own) is not asked for.
func (p program) withFactors(c *cobra.Command, f func(k *factor.Keeper) error) error {
	keys, err := p.factorKeys(c.ErrOrStderr())
	if err != nil {
		return err
	}
	st, err := p.openStore(c.Context(), "factor")
	if err != nil {
		return err
	}
	err = f(&factor.Keeper{Store: st, Keys: keys})
	return errors.Join(ofFactors(err), st.Close())
}

// ofFactors gives an error its exit code: what is wrong with the key is
// configuration, as is what was reported already; the rest failed while running.
func ofFactors(err error) error {
	var setup *factor.SetupError
	var usage usageError
	var configured reportedError
	if err == nil || errors.As(err, &setup) || errors.As(err, &usage) || errors.As(err, &configured) {
		return err
	}
	return failure{err}
}

// oneUser takes the ID of one Slack user.
func oneUser(_ *cobra.Command, args []string) error {
	if len(args) != 1 || !factor.IsUserID(args[0]) {
		return usageError{errors.New("name one person by their Slack user ID, such as U012AB3CD: in Slack, open their profile, ⋮, Copy member ID")}
	}
	return nil
}

// enrollTries is how often a wrong code may be typed before enrolling gives up.
const enrollTries = 3

func (p program) factorEnroll() *cobra.Command {
	var force, offline bool
	c := &cobra.Command{
		Use:   "enroll USER",
		Short: "Give a person a second factor",
		Long: `Show a new secret as a QR code, and make it the person's second factor once a code
from their app shows that it has arrived. Do it together with them: whoever sees the
secret can make their codes. Clear the terminal afterwards.

With SLACK_BOT_TOKEN (or SLACK_BOT_TOKEN_FILE) set, Slack is asked first who it is: the
name is shown, and who is no full member is refused.`,
		Args: oneUser,
		RunE: func(c *cobra.Command, args []string) error {
			return p.withFactors(c, func(k *factor.Keeper) error {
				return p.enroll(c, k, args[0], force, offline)
			})
		},
	}
	c.Flags().BoolVar(&force, "force", false, "replace the second factor that they have, which ends a lock too")
	c.Flags().BoolVar(&offline, "offline", false, "do not ask Slack who it is")
	return c
}

func (p program) enroll(c *cobra.Command, k *factor.Keeper, userID string, force, offline bool) error {
	ctx, out := c.Context(), c.OutOrStdout()
	err := k.MayEnroll(ctx, userID, force)
	if errors.Is(err, factor.ErrEnrolled) {
		return fmt.Errorf("%s: %w: --force replaces it", userID, err)
	}
	if err != nil {
		return err
	}
	if err := p.recognize(c, userID, offline); err != nil {
		return err
	}
	secret, err := factor.NewSecret(userID)
	if err != nil {
		return err
	}
	drawing, err := factor.DrawQR(secret.URL(), isTerminal(out))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Scan this with %s's authenticator app:\n\n%s\nor type the secret in (time-based, six digits): %s\nor open %s\n\n", userID, drawing, secret.Groups(), secret.URL())
	typed := lineReader(ctx, c.InOrStdin())
	for left := enrollTries; left > 0; left-- {
		fmt.Fprint(out, "The code that the app shows now: ")
		code, err := typed()
		if err != nil {
			return fmt.Errorf("nothing was changed for %s: no code was typed: %w", userID, err)
		}
		err = k.Enroll(ctx, secret, code, operator(), p.knobs.now(), force)
		switch {
		case errors.Is(err, factor.ErrWrongCode):
			fmt.Fprintln(out, "That is not the code. If it goes on, compare the clocks of this machine and of the phone.")
		case err != nil:
			return fmt.Errorf("%s: %w", userID, err)
		default:
			_, err = fmt.Fprintf(out, "%s has a second factor from now on. Its next code is the first that can be used.\n", userID)
			return err
		}
	}
	return fmt.Errorf("nothing was changed for %s: %d wrong codes; run it again for a new secret", userID, enrollTries)
}

// lineReader answers a function that reads a line, or gives up when ctx ends,
// which a read from a terminal does not.
func lineReader(ctx context.Context, in io.Reader) func() (string, error) {
	type line struct {
		text string
		err  error
	}
	lines := make(chan line)
	go task.Log(func(err error) { lines <- line{err: err} }, func() {
		r := bufio.NewReader(io.LimitReader(in, 4096))
		for {
			text, err := r.ReadString('\n')
			if err == io.EOF && text != "" {
				err = nil
			}
			select {
			case lines <- line{text, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	})()
	return func() (string, error) {
		select {
		case l := <-lines:
			return l.text, l.err
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

func (p program) factorList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List who has a second factor",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.withFactors(c, func(k *factor.Keeper) error {
				all, err := k.Store.Enrolments(c.Context())
				if err != nil {
					return err
				}
				if len(all) == 0 {
					_, err := fmt.Fprintln(c.OutOrStdout(), "Nobody has a second factor.")
					return err
				}
				w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
				fmt.Fprintln(w, "USER\tSINCE\tBY\tKEY\tLOCKED UNTIL")
				for _, e := range all {
					locked := "-"
					if p.knobs.now().Before(e.LockedUntil) {
						locked = e.LockedUntil.UTC().Format(time.RFC3339)
					}
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", e.UserID, e.At.UTC().Format(time.RFC3339), e.By, e.KeyID, locked)
				}
				return w.Flush()
			})
		},
	}
}

func (p program) factorRemove() *cobra.Command {
	return &cobra.Command{
		Use:   "remove USER",
		Short: "Take a person's second factor away",
		Args:  oneUser,
		RunE: func(c *cobra.Command, args []string) error {
			return p.withFactors(c, func(k *factor.Keeper) error {
				if err := k.Remove(c.Context(), args[0], operator(), p.knobs.now()); err != nil {
					return fmt.Errorf("%s: %w", args[0], err)
				}
				_, err := fmt.Fprintf(c.OutOrStdout(), "%s has no second factor any more.\n", args[0])
				return err
			})
		},
	}
}

func (p program) factorRotate() *cobra.Command {
	return &cobra.Command{
		Use:   "rotate",
		Short: "Keep every secret under SECOND_FACTOR_KEY that is still under SECOND_FACTOR_KEY_OLD",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.withFactors(c, func(k *factor.Keeper) error {
				n, err := k.Rotate(c.Context(), operator(), p.knobs.now())
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(c.OutOrStdout(), "%d moved to key %s. SECOND_FACTOR_KEY_OLD is not needed any more.\n", n, k.Keys.Current)
				return err
			})
		},
	}
}

// operator is who runs this command, for the audit log. In a container with no
// list of users it is a number.
func operator() string {
	u, err := user.Current()
	if err != nil {
		return "operator:uid " + strconv.Itoa(os.Getuid())
	}
	return "operator:" + u.Username
}
