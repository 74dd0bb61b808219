package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"dropletops/handlers"
	"dropletops/internal/factor"
	"dropletops/internal/policy"
	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
	"dropletops/internal/sim/web"
	"dropletops/internal/task"
)

// demoOptions are the flags of demo.
type demoOptions struct {
	addr   string
	speed  float64
	lag    string
	policy string
}

func (p program) demoCommand() *cobra.Command {
	o := demoOptions{}
	c := &cobra.Command{
		Use:   "demo",
		Short: "Try the whole product in a browser, with no account anywhere",
		Long: `Start a built-in Slack and a built-in DigitalOcean on this machine, the real bot
between them, and a web page to use it from. Nothing leaves this machine, and
nothing is kept when it ends. With a policy that asks for a second factor, set
SECOND_FACTOR_KEY, and enroll U0BOB with dropletops factor enroll meanwhile.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return usageError{err}
			}
			var wrong problems
			pol := wrong.policy("--policy", o.policy)
			if len(wrong) > 0 {
				return usageError{wrong}
			}
			keys, err := p.factorKeys(c.ErrOrStderr())
			if err != nil {
				return usageError{err}
			}
			return p.demo(c.Context(), o, pol, keys, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	c.Flags().StringVar(&o.addr, "addr", "127.0.0.1:8090", "where the page is served; another port is taken if this one is not free")
	c.Flags().Float64Var(&o.speed, "speed", 10, "how many times faster than in reality Droplet actions run")
	c.Flags().StringVar(&o.lag, "lag", "on", "on: what the built-in DigitalOcean shows trails what is done to it, as the real one's does, divided by --speed: what is new is not found for 1 to 2 s, lists trail by 2 to 30 s, backup policies, snapshots and addresses by 2 to 8 s. off: it shows everything at once")
	c.Flags().StringVar(&o.policy, "policy", "", "a policy file to judge by, whose people are those of the built-in Slack: users U0ALICE, U0BOB, U0CAROL; user groups S0SRE (alice, bob), S0ONCALL (carol); channels C0OPS, C0INCIDENTS, C0PARTNERS (shared). SIGHUP reads it again")
	return c
}

// demo runs serve's wiring against the built-in world.
func (p program) demo(ctx context.Context, o demoOptions, pol *policy.Policy, keys factor.Keys, stdout, stderr io.Writer) error {
	do := simdo.New(simdo.Options{Speed: o.speed, StatusLag: time.Second, Lag: o.digitalOceanLag()})
	slack := simslack.New(simslack.Options{})
	if err := do.Start("127.0.0.1:0"); err != nil {
		return failure{fmt.Errorf("start the built-in DigitalOcean: %w", err)}
	}
	defer do.Close()
	if err := slack.Start("127.0.0.1:0"); err != nil {
		return failure{fmt.Errorf("start the built-in Slack: %w", err)}
	}
	defer func() { _ = slack.Close() }()
	dir, err := os.MkdirTemp("", "dropletops-demo-")
	if err != nil {
		return failure{err}
	}
	defer func() { _ = os.RemoveAll(dir) }()

	cfg := &config{
		SlackAppToken: slack.AppToken(), SlackBotToken: slack.BotToken(), SlackAPIURL: slack.APIURL(),
		Token: "dop_v1_demo", DigitalOceanAPIURL: do.URL(), DatabaseURL: "sqlite:" + filepath.Join(dir, "demo.db"),
		LogFormat: "text", level: slog.LevelWarn, policy: pol, keys: keys,
	}
	ln, err := listenNear(ctx, o.addr, stderr)
	if err != nil {
		return failure{err}
	}
	site := web.New(slack, do, web.Options{Speed: o.speed,
		Shortcuts: []web.Shortcut{{Name: "Operate a Droplet", CallbackID: handlers.OperateShortcut}}})
	page := &http.Server{Handler: site.Handler(), ReadHeaderTimeout: 5 * time.Second}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(task.Err(func() error { return p.serve(gctx, cfg, cfg.logger(stderr)) }))
	g.Go(task.Err(func() error {
		if err := page.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			return failure{err}
		}
		return nil
	}))
	g.Go(task.Err(func() error {
		<-gctx.Done()
		site.Close()
		return page.Close()
	}))
	fmt.Fprintf(stdout, "Dropletops demo: http://%s\nOpen it in a browser, and type /droplet reboot web-1. Ctrl-C ends it.\n", ln.Addr())
	fmt.Fprintf(stdout, "For audit and factor, in another window: DATABASE_URL=%s\n", cfg.DatabaseURL)
	return g.Wait()
}

// digitalOceanLag returns how far the built-in DigitalOcean's reads trail the truth.
func (o demoOptions) digitalOceanLag() simdo.Lag {
	if o.lag == "off" {
		return simdo.NoLag
	}
	return simdo.DefaultLag().Faster(o.speed)
}

// check says what is wrong with the flags.
func (o demoOptions) check() error {
	host, port, err := net.SplitHostPort(o.addr)
	if n, bad := strconv.Atoi(port); err != nil || bad != nil || n < 0 || n > 65535 {
		return fmt.Errorf("--addr is %q: it is HOST:PORT, such as 127.0.0.1:8090", o.addr)
	}
	if !loopback(host) {
		return fmt.Errorf("--addr is %q: the demo is for this machine alone, at 127.0.0.1 or localhost", o.addr)
	}
	if o.speed <= 0 {
		return fmt.Errorf("--speed is %v: it is above 0, such as 10", o.speed)
	}
	if o.lag != "on" && o.lag != "off" {
		return fmt.Errorf("--lag is %q: it is on or off", o.lag)
	}
	return nil
}

// listenNear listens on an address, or on any port of its host if that one is
// taken, and says so.
func listenNear(ctx context.Context, addr string, stderr io.Writer) (net.Listener, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", addr)
	if err == nil {
		return ln, nil
	}
	host, _, split := net.SplitHostPort(addr)
	if split != nil {
		return nil, split
	}
	if ln, err = lc.Listen(ctx, "tcp", net.JoinHostPort(host, "0")); err != nil {
		return nil, fmt.Errorf("serve the demo's page: %w", err)
	}
	fmt.Fprintf(stderr, "dropletops: %s is taken, so another port is used\n", addr)
	return ln, nil
}
