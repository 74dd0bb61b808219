package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"dropletops/api"
	"dropletops/bot"
	"dropletops/internal/store"
)

func (p program) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Say what is wrong with this setup before it is used; exit 1 if anything is",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := p.configure(c.ErrOrStderr())
			if err != nil {
				return failure{err}
			}
			return p.check(c.Context(), cfg, c.OutOrStdout())
		},
	}
}

// checkFor bounds each question.
const checkFor = 10 * time.Second

// check asks everything that serve depends on, and prints a line for each.
func (p program) check(ctx context.Context, cfg *config, out io.Writer) error {
	wrong := 0
	say := func(name string, ask func(ctx context.Context) (string, error)) {
		ctx, cancel := context.WithTimeout(ctx, checkFor)
		defer cancel()
		what, err := ask(ctx)
		if err != nil {
			wrong++
			fmt.Fprintf(out, "wrong  %s: %v\n", name, err)
			return
		}
		fmt.Fprintf(out, "ok     %s: %s\n", name, what)
	}
	slack, err := bot.NewClient(bot.Access{AppToken: cfg.SlackAppToken, BotToken: cfg.SlackBotToken, APIURL: cfg.SlackAPIURL})
	if err != nil {
		return failure{fmt.Errorf("SLACK_API_URL: %w", err)}
	}
	say("SLACK_BOT_TOKEN", func(ctx context.Context) (string, error) {
		id, err := slack.Authenticate(ctx)
		if err != nil {
			return "", err
		}
		if lacks := id.Lacks(); len(lacks) > 0 {
			return "", fmt.Errorf("it lacks the scopes %s: add them to the app as in manifest.yml, and reinstall it", strings.Join(lacks, ", "))
		}
		return fmt.Sprintf("accepted by the workspace %s (%s), with every scope it needs", id.Team, id.TeamID), nil
	})
	say("SLACK_APP_TOKEN", func(ctx context.Context) (string, error) {
		return "accepted, and may open sockets", slack.CheckSockets(ctx)
	})
	say("DIGITALOCEAN_TOKEN", func(ctx context.Context) (string, error) {
		do, err := api.New(api.Config{Token: cfg.Token, BaseURL: cfg.DigitalOceanAPIURL, UserAgent: "dropletops/" + version})
		if err != nil {
			return "", err
		}
		return "accepted, and may read Droplets", do.Check(ctx)
	})
	say("DATABASE_URL", func(ctx context.Context) (string, error) {
		s, err := store.Open(ctx, cfg.DatabaseURL, "check", time.Now)
		if err != nil {
			return "", err
		}
		return "reachable, and its tables are up to date", errors.Join(s.Ping(ctx), s.Close())
	})
	say("POLICY_FILE", func(context.Context) (string, error) { return "not set: the built-in policy", nil })
	if wrong > 0 {
		return failure{reportedError{fmt.Errorf("%d of this setup is wrong", wrong)}}
	}
	return nil
}
