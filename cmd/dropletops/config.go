package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/caarlos0/env/v11"

	"dropletops/internal/factor"
	"dropletops/internal/policy"
)

// config is the environment of serve, by docs/CONTRACT.md §2 and what the README adds.
type config struct {
	SlackAppToken      string `env:"SLACK_APP_TOKEN"`
	SlackAppTokenFile  string `env:"SLACK_APP_TOKEN_FILE"`
	SlackBotToken      string `env:"SLACK_BOT_TOKEN"`
	SlackBotTokenFile  string `env:"SLACK_BOT_TOKEN_FILE"`
	Token              string `env:"DIGITALOCEAN_TOKEN"`
	TokenFile          string `env:"DIGITALOCEAN_TOKEN_FILE"`
	AccessToken        string `env:"DIGITALOCEAN_ACCESS_TOKEN"`
	AccessTokenFile    string `env:"DIGITALOCEAN_ACCESS_TOKEN_FILE"`
	SlackAPIURL        string `env:"SLACK_API_URL" envDefault:"https://slack.com/api/"`
	DigitalOceanAPIURL string `env:"DIGITALOCEAN_API_URL" envDefault:"https://api.digitalocean.com/"`
	DatabaseURL        string `env:"DATABASE_URL" envDefault:"sqlite:dropletops.db"`
	PolicyFile         string `env:"POLICY_FILE"`
	AllowInsecureHTTP  string `env:"ALLOW_INSECURE_HTTP"`
	// HTTPAddr is empty when HTTP_ADDR is set and empty, which turns the server
	// off. The library takes that for unset, so the environment is asked itself.
	HTTPAddr  string
	LogLevel  string `env:"LOG_LEVEL" envDefault:"info"`
	LogFormat string `env:"LOG_FORMAT"`
	Factor    factorVars

	level slog.Level
	keys  factor.Keys
	// policy is what POLICY_FILE holds; nil for the built-in policy.
	policy *policy.Policy
}

// defaultHTTPAddr is reachable from this machine alone.
const defaultHTTPAddr = "127.0.0.1:8089"

// problems are all that is wrong with a configuration, a line each.
type problems []string

func (p problems) Error() string { return strings.Join(p, "\n") }

func (p *problems) add(format string, args ...any) { *p = append(*p, fmt.Sprintf(format, args...)) }

// loadConfig reads the environment and names every problem in one go. No
// problem's line ever holds a token.
func loadConfig(environ []string) (*config, error) {
	c := &config{HTTPAddr: defaultHTTPAddr}
	vars := env.ToMap(environ)
	if err := env.ParseWithOptions(c, env.Options{Environment: vars}); err != nil {
		return nil, problems{err.Error()}
	}
	if addr, set := vars["HTTP_ADDR"]; set {
		c.HTTPAddr = addr
	}
	var p problems
	c.SlackAppToken = p.token("SLACK_APP_TOKEN", c.SlackAppToken, c.SlackAppTokenFile)
	c.SlackBotToken = p.token("SLACK_BOT_TOKEN", c.SlackBotToken, c.SlackBotTokenFile)
	c.Token = p.token("DIGITALOCEAN_TOKEN", c.Token, c.TokenFile)
	if c.Token == "" && c.TokenFile == "" {
		c.Token = p.token("DIGITALOCEAN_ACCESS_TOKEN", c.AccessToken, c.AccessTokenFile)
	}
	p.checkTokens(c)
	insecure := p.insecure(c.AllowInsecureHTTP)
	c.SlackAPIURL = p.address("SLACK_API_URL", c.SlackAPIURL, "https://slack.com/api/", insecure)
	c.DigitalOceanAPIURL = p.address("DIGITALOCEAN_API_URL", c.DigitalOceanAPIURL, "https://api.digitalocean.com/", insecure)
	p.checkRest(c)
	c.keys = p.factorKeys(&c.Factor)
	if len(p) > 0 {
		return nil, p
	}
	return c, nil
}

// token answers a token from its variable or from the file that the variable
// with _FILE names.
func (p *problems) token(name, value, file string) string {
	switch {
	case value != "" && file != "":
		p.add("%s and %s_FILE are both set: set one of them", name, name)
		return ""
	case file == "":
		return strings.TrimSpace(value)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		p.add("%s_FILE: %v: name a file that holds the token and that this user may read", name, errors.Unwrap(err))
		return ""
	}
	t := strings.TrimSpace(string(b))
	if t == "" {
		p.add("%s_FILE: the file %s is empty: put the token in it", name, file)
	}
	return t
}

// checkTokens tells tokens of the wrong kind by their prefix.
func (p *problems) checkTokens(c *config) {
	if c.SlackAppToken == "" && !p.names("SLACK_APP_TOKEN") {
		p.add("SLACK_APP_TOKEN is not set: set it to the app-level token (xapp-…, scope connections:write) from your Slack app's Basic Information page")
	} else if c.SlackAppToken != "" && !strings.HasPrefix(c.SlackAppToken, "xapp-") {
		p.add("SLACK_APP_TOKEN is not an app-level token: it must begin with xapp- (your Slack app's Basic Information page, App-Level Tokens)%s", otherKind(c.SlackAppToken))
	}
	if c.SlackBotToken == "" && !p.names("SLACK_BOT_TOKEN") {
		p.add("SLACK_BOT_TOKEN is not set: set it to the Bot User OAuth Token (xoxb-…) from your Slack app's OAuth & Permissions page")
	}
	p.botToken(c.SlackBotToken)
	switch {
	case c.Token == "" && !p.names("DIGITALOCEAN"):
		p.add("DIGITALOCEAN_TOKEN is not set: set it (or DIGITALOCEAN_ACCESS_TOKEN) to an API token from https://cloud.digitalocean.com/account/api/tokens")
	case strings.HasPrefix(c.Token, "xox"), strings.HasPrefix(c.Token, "xapp-"), strings.HasPrefix(c.Token, "dor_v1_"), strings.HasPrefix(c.Token, "DO00"):
		p.add("DIGITALOCEAN_TOKEN is not a DigitalOcean API token: a personal access token begins with dop_v1_%s", otherKind(c.Token))
	case strings.ContainsAny(c.Token, " \t\r\n"):
		p.add("DIGITALOCEAN_TOKEN holds white space: set it to the token alone")
	}
}

// botToken tells a token that is set and is none of a bot.
func (p *problems) botToken(token string) {
	if token != "" && !strings.HasPrefix(token, "xoxb-") {
		p.add("SLACK_BOT_TOKEN is not a bot token: it must begin with xoxb- (your Slack app's OAuth & Permissions page)%s", otherKind(token))
	}
}

// names says whether a problem about a variable was found already.
func (p *problems) names(variable string) bool {
	for _, line := range *p {
		if strings.HasPrefix(line, variable) {
			return true
		}
	}
	return false
}

// otherKind says what a token seems to be, by its prefix alone.
func otherKind(token string) string {
	for prefix, what := range map[string]string{
		"xapp-": "a Slack app-level token", "xoxb-": "a Slack bot token", "xoxp-": "a Slack user token",
		"xoxe": "a Slack refresh or configuration token", "dop_v1_": "a DigitalOcean personal access token",
		"doo_v1_": "a DigitalOcean OAuth token", "dor_v1_": "a DigitalOcean refresh token", "DO00": "a DigitalOcean Spaces key",
	} {
		if strings.HasPrefix(token, prefix) {
			return "; what is set looks like " + what
		}
	}
	return ""
}

// address checks a base URL and gives it its trailing slash, without which the
// client libraries drop its last path element. Over http:// the token would be sent
// readable by everyone on the way, so that is for this machine alone unless insecure.
func (p *problems) address(name, value, example string, insecure bool) string {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.RawQuery != "" || u.Fragment != "" {
		p.add("%s is not an http(s) address: it should look like %s", name, example)
		return value
	}
	if u.Scheme == "http" && !insecure && !loopback(u.Hostname()) {
		p.add("%s is http:// to another machine, which would send the token unencrypted: use https://, or set ALLOW_INSECURE_HTTP=true", name)
	}
	return strings.TrimSuffix(value, "/") + "/"
}

// insecure reads ALLOW_INSECURE_HTTP.
func (p *problems) insecure(value string) bool {
	switch value {
	case "", "false":
		return false
	case "true":
		return true
	}
	p.add("ALLOW_INSECURE_HTTP is %q: set it to true, or leave it unset", value)
	return false
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

func (p *problems) checkRest(c *config) {
	switch {
	case strings.HasPrefix(c.DatabaseURL, "sqlite:") && c.DatabaseURL != "sqlite:":
	case strings.HasPrefix(c.DatabaseURL, "postgres://"), strings.HasPrefix(c.DatabaseURL, "postgresql://"):
	default:
		p.add("DATABASE_URL is neither sqlite:FILE (such as sqlite:dropletops.db) nor postgres://USER@HOST/DATABASE")
	}
	c.policy = p.policy("POLICY_FILE", c.PolicyFile)
	if c.HTTPAddr != "" {
		if _, _, err := net.SplitHostPort(c.HTTPAddr); err != nil {
			p.add("HTTP_ADDR is not HOST:PORT: it should look like %s; empty turns the server off", defaultHTTPAddr)
		}
	}
	if err := c.level.UnmarshalText([]byte(c.LogLevel)); err != nil || strings.ContainsAny(c.LogLevel, "+-") {
		p.add("LOG_LEVEL is %q: set it to debug, info, warn or error", c.LogLevel)
	}
	switch c.LogFormat {
	case "", "json", "text":
	default:
		p.add("LOG_FORMAT is %q: set it to json or text", c.LogFormat)
	}
}

// logger makes the log as LOG_LEVEL and LOG_FORMAT say; without LOG_FORMAT it is
// text on a terminal and JSON elsewhere.
func (c *config) logger(w io.Writer) *slog.Logger {
	opts := &slog.HandlerOptions{Level: c.level}
	if c.LogFormat == "text" || c.LogFormat == "" && isTerminal(w) {
		return slog.New(redact{slog.NewTextHandler(w, opts), c.secrets()})
	}
	return slog.New(redact{slog.NewJSONHandler(w, opts), c.secrets()})
}

func (c *config) secrets() []string {
	var out []string
	for _, s := range []string{c.SlackAppToken, c.SlackBotToken, c.Token, c.Factor.Key, c.Factor.KeyOld} {
		if s != "" {
			out = append(out, s)
		}
	}
	if u, err := url.Parse(c.DatabaseURL); err == nil && u.User != nil {
		if pw, ok := u.User.Password(); ok && pw != "" {
			out = append(out, pw)
		}
	}
	return out
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
