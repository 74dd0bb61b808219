package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/bot"
	"dropletops/internal/factor"
	"dropletops/internal/policy"
	"dropletops/internal/secret"
	"dropletops/internal/store"
)

func (p program) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Say what is wrong with this setup before it is used; exit 1 if anything is",
		Long: `Say what is wrong with this setup before it is used. It has the environment of serve
(dropletops serve --help), and asks Slack, DigitalOcean and the database about each
part of it: ok, wrong, or unsure where nobody answered, a line each with what to do.
What is ok and has a file that other users of this machine can read or change has a
warning in its line. Nothing is posted and no Droplet is touched; the database is made,
and its tables are brought up to date, as by serve. Exit 1 if anything is not ok.`,
		Args: noArgs,
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
	out = secret.Writer(out)
	wrong := 0
	say := func(name string, ask func(ctx context.Context) (string, error)) {
		ctx, cancel := context.WithTimeout(ctx, checkFor*time.Duration(max(1, p.knobs.slower)))
		defer cancel()
		what, err := ask(ctx)
		verdict := "ok"
		var open unsure
		switch {
		case errors.As(err, &open):
			wrong++
			verdict, what = "unsure", open.Error()
		case err != nil:
			wrong++
			verdict, what = "wrong", err.Error()
		default:
			if warning := cfg.fileModes(name); warning != "" {
				what += "; warning: " + warning
			}
		}
		fmt.Fprintf(out, "%-6s %s: %s\n", verdict, name, strings.TrimPrefix(what, name+": "))
	}
	slack, err := bot.NewClient(bot.Access{AppToken: cfg.SlackAppToken, BotToken: cfg.SlackBotToken, APIURL: cfg.SlackAPIURL})
	if err != nil {
		return failure{fmt.Errorf("SLACK_API_URL: %w", err)}
	}
	say("SLACK_BOT_TOKEN", func(ctx context.Context) (string, error) {
		id, err := slack.Authenticate(ctx)
		if err != nil {
			return "", slackSays(err, cfg.SlackAPIURL)
		}
		var needed, wished []string
		for _, s := range id.Lacks() {
			if s.Without == "" {
				needed = append(needed, s.Name)
			} else {
				wished = append(wished, "; without "+s.Name+" "+s.Without)
			}
		}
		if len(needed) > 0 {
			return "", fmt.Errorf("it lacks the scopes %s: add them to the app as in manifest.yml, and reinstall it", strings.Join(needed, ", "))
		}
		return fmt.Sprintf("accepted by the workspace %s (%s), with every scope it needs%s", id.Team, id.TeamID, strings.Join(wished, "")), nil
	})
	say("SLACK_APP_TOKEN", func(ctx context.Context) (string, error) {
		return "accepted, and may open sockets", slackSays(slack.CheckSockets(ctx), cfg.SlackAPIURL)
	})
	say("DIGITALOCEAN_TOKEN", func(ctx context.Context) (string, error) {
		do, err := api.New(api.Config{Token: cfg.Token, BaseURL: cfg.DigitalOceanAPIURL, UserAgent: "dropletops/" + version})
		if err != nil {
			return "", err
		}
		return "accepted, and may read Droplets", digitalOceanSays(do.Check(ctx), cfg.DigitalOceanAPIURL)
	})
	var st *store.Store
	say("DATABASE_URL", func(ctx context.Context) (string, error) {
		s, err := store.Open(ctx, cfg.DatabaseURL, "check", time.Now)
		if err != nil {
			return "", err
		}
		st = s
		return "reachable, and its tables are up to date", s.Ping(ctx)
	})
	if st != nil {
		defer st.Close()
		say("SECOND_FACTOR_KEY", func(ctx context.Context) (string, error) {
			enrolled, err := (&factor.Keeper{Store: st, Keys: cfg.keys}).Ready(ctx, cfg.policy != nil && cfg.policy.Factor())
			if cfg.keys.Current == nil {
				return "not set, and nobody has a second factor", err
			}
			return fmt.Sprintf("key %s, which fits all who have a second factor (%d)", cfg.keys.Current, enrolled), err
		})
	}
	say("POLICY_FILE", func(ctx context.Context) (string, error) { return checkPolicy(ctx, cfg.policy, slack) })
	if wrong > 0 {
		return failure{reportedError{fmt.Errorf("%d of this setup is wrong, or not known to be right", wrong)}}
	}
	return nil
}

// checkPolicy asks Slack about everyone and everything that the policy names.
func checkPolicy(ctx context.Context, pol *policy.Policy, slack *bot.Client) (string, error) {
	if pol == nil {
		return "not set: the built-in policy", nil
	}
	if _, known := slack.Identity(); !known {
		return "", errors.New("its file is valid; whether Slack knows its groups can't be asked while SLACK_BOT_TOKEN does not work")
	}
	people, members := bot.NewDirectory(slack), bot.NewMembers(slack)
	var wrong []string
	add := func(group string, err error) {
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("group %s: %v", group, err))
		}
	}
	for _, g := range pol.Groups() {
		for _, id := range g.Users {
			who, err := people.Person(ctx, approvals.Who{UserID: id}, true)
			if err == nil {
				err = standing(who)
			}
			add(g.Name, err)
		}
		for _, id := range g.UserGroups {
			_, _, err := members.InUserGroup(ctx, "", id, approvals.Deciding)
			add(g.Name, err)
		}
		for _, id := range g.Channels {
			_, _, err := members.InChannel(ctx, "", id, approvals.Deciding)
			add(g.Name, err)
		}
	}
	if to := pol.Announce(); to != "" {
		in, err := members.Invited(ctx, to)
		if err == nil && !in {
			err = fmt.Errorf("the bot is not in the channel %s: type /invite there", to)
		}
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("announce: %v", err))
		}
	}
	if len(wrong) > 0 {
		return "", errors.New(strings.Join(wrong, "; "))
	}
	said := "valid, and Slack knows all of its groups: " + pol.String()
	if n := len(pol.Warnings()); n > 0 {
		said += fmt.Sprintf("; %d of it may not be meant: dropletops policy check", n)
	}
	return said, nil
}

// standing says why someone in a group can't decide.
func standing(p approvals.Person) error {
	switch p.Standing {
	case approvals.Member:
		return nil
	case approvals.Foreign:
		return fmt.Errorf("%s is nobody in this workspace", p.UserID)
	}
	return fmt.Errorf("%s can't decide, since this is no full member (%s)", p.UserID, p.Standing)
}

// unsure says that a question had no answer: neither that a token is right, nor
// that it is wrong.
type unsure struct{ why, todo string }

func (u unsure) Error() string { return "not known whether it is accepted. " + u.why + ". " + u.todo }

// slackSays tells an answer of Slack's from there being none.
func slackSays(err error, address string) error {
	var away *bot.Away
	var slow *approvals.RateLimited
	switch {
	case errors.As(err, &slow):
		return unsure{slow.Error(), "Check again after that"}
	case !errors.As(err, &away):
		return err
	}
	return unsure{away.Error(), "The token may be right. Look at this machine's network, its HTTPS_PROXY, " +
		"SLACK_API_URL (" + host(address) + ") and https://slack-status.com, and check again"}
}

// digitalOceanSays tells an answer about the token from there being none.
func digitalOceanSays(err error, address string) error {
	var no *api.Error
	if !errors.As(err, &no) {
		return err
	}
	switch no.Kind {
	case api.Unauthorized:
		return fmt.Errorf("DigitalOcean rejects it (status %d): make a new token in the control panel, under API, and copy all of it", no.Status)
	case api.Forbidden:
		return fmt.Errorf("DigitalOcean does not let it %s (status %d): give the token the scopes %s",
			no.What, no.Status, strings.Join(no.Scopes, ", "))
	}
	return unsure{strings.TrimSuffix(no.Sentence(), "."), "The token may be right. Look at this machine's network, its HTTPS_PROXY, " +
		"DIGITALOCEAN_API_URL (" + host(address) + ") and https://status.digitalocean.com, and check again"}
}

// host is whom an address of the configuration leads to.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "no address"
	}
	return u.Host
}
