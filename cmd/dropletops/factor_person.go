package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/caarlos0/env/v11"
	"github.com/spf13/cobra"

	"dropletops/approvals"
	"dropletops/bot"

	"dropletops/internal/secret"
)

// slackVars are the variables by which Slack is asked about a person.
type slackVars struct {
	Token     string `env:"SLACK_BOT_TOKEN"`
	TokenFile string `env:"SLACK_BOT_TOKEN_FILE"`
	APIURL    string `env:"SLACK_API_URL" envDefault:"https://slack.com/api/"`
	Insecure  string `env:"ALLOW_INSECURE_HTTP"`
}

// slackForPeople is a client with the bot token alone; nil without one.
func (p program) slackForPeople(stderr io.Writer) (*bot.Client, error) {
	var v slackVars
	if err := env.ParseWithOptions(&v, env.Options{Environment: env.ToMap(p.environ)}); err != nil {
		return nil, err
	}
	var wrong problems
	v.Token = wrong.token("SLACK_BOT_TOKEN", v.Token, v.TokenFile)
	wrong.botToken(v.Token)
	v.APIURL = wrong.address("SLACK_API_URL", v.APIURL, "https://slack.com/api/", wrong.insecure(v.Insecure))
	if len(wrong) > 0 {
		return nil, wrong.report(stderr)
	}
	if v.Token == "" {
		return nil, nil
	}
	return bot.NewClient(bot.Access{BotToken: v.Token, APIURL: v.APIURL})
}

// recognize says on out who it is that is to be enrolled, as Slack knows them, and
// fails for whoever could never use a second factor. Where Slack is not to be asked,
// or no token is set, it says that nobody was looked up.
func (p program) recognize(c *cobra.Command, userID string, offline bool) error {
	out := c.OutOrStdout()
	if offline {
		_, err := fmt.Fprintf(out, "Note: Slack was not asked who %s is (--offline). Make sure that it is them.\n\n", userID)
		return err
	}
	slack, err := p.slackForPeople(c.ErrOrStderr())
	if err != nil {
		return err
	}
	if slack == nil {
		_, err := fmt.Fprintf(out, "Note: Slack was not asked who %s is, since SLACK_BOT_TOKEN is not set. Make sure that it is them.\n\n", userID)
		return err
	}
	who, team, err := lookUp(c.Context(), slack, userID)
	if err != nil {
		return failure{fmt.Errorf("nothing was changed for %s: Slack could not be asked who that is: %w; --offline goes on without", userID, err)}
	}
	if err := standing(who); err != nil {
		return failure{fmt.Errorf("nothing was changed: %w", err)}
	}
	// Quoted, since whoever chose the name must not have a say in this terminal.
	_, err = fmt.Fprintf(out, "%s is %q, a full member of %q.\n\n", userID, who.Name, team)
	return err
}

// lookUp asks Slack who someone is, and the name of the workspace.
func lookUp(ctx context.Context, slack *bot.Client, userID string) (approvals.Person, string, error) {
	ctx, cancel := context.WithTimeout(ctx, checkFor)
	defer cancel()
	id, err := slack.Authenticate(ctx)
	if err != nil {
		return approvals.Person{}, "", err
	}
	who, err := bot.NewDirectory(slack).Person(ctx, approvals.Who{UserID: userID}, true)
	return who, id.Team, err
}

// report prints what is wrong, a line each.
func (p problems) report(stderr io.Writer) error {
	for _, line := range p {
		fmt.Fprintln(stderr, "dropletops: "+secret.MaskAll(line))
	}
	return reportedError{errors.New("the configuration is wrong")}
}
