package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"dropletops/approvals"
	"dropletops/bot"
	"dropletops/internal/policy"
)

// policy reads the policy file that a setting names; nil without one, or if
// anything is wrong with it.
func (p *problems) policy(setting, file string) *policy.Policy {
	if file == "" {
		return nil
	}
	pol, err := policy.Load(file)
	var all policy.Problems
	switch {
	case errors.As(err, &all):
		for _, w := range all {
			if !w.Warning {
				p.add("%s: %s", setting, w)
			}
		}
	case err != nil:
		p.add("%s: %v: name a policy file that this user may read, or leave it unset for the built-in policy", setting, err)
	}
	return pol
}

// judges answers the policy that serve judges by, and what reloads it on SIGHUP
// until ctx ends. Without a policy file SIGHUP is left as it is.
func (p program) judges(cfg *config, slack *bot.Client, log *slog.Logger, reg prometheus.Registerer, keep keepPolicy) (approvals.Policy, func(ctx context.Context) error, error) {
	builtIn := approvals.BuiltIn{Within: p.knobs.within}
	if cfg.policy == nil {
		return builtIn, func(context.Context) error { return nil }, nil
	}
	live, err := policy.NewLive(cfg.policy, bot.NewMembers(slack), builtIn, log, reg)
	if err != nil {
		return nil, nil, err
	}
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP) // from here on it ends nothing any more
	return live, func(ctx context.Context) error {
		defer signal.Stop(hup)
		due := inForce(nil, live, p.knobs.now())
		for {
			due = due.keep(ctx, keep, log)
			var again <-chan time.Time
			if len(due) > 0 {
				again = time.After(reawakenEvery)
			}
			select {
			case <-ctx.Done():
				return nil
			case <-again:
			case <-hup:
				live.Reload()
				due = inForce(due, live, p.knobs.now())
			}
		}
	}, nil
}

// keepPolicy writes the text of a policy that is in force down, with its audit lines.
type keepPolicy func(context.Context, approvals.PolicyText, ...approvals.Line) error

// unkept are policies that came in force and are not written down yet, oldest first:
// each has judged, whatever the database took meanwhile.
type unkept []enforced

type enforced struct {
	text approvals.PolicyText
	line approvals.Line
}

func inForce(due unkept, live *policy.Live, at time.Time) unkept {
	text, line := live.InForce(at)
	return append(due, enforced{text, line})
}

// keep writes them down, and answers those that could not be.
func (u unkept) keep(ctx context.Context, write keepPolicy, log *slog.Logger) unkept {
	for i, k := range u {
		within, cancel := context.WithTimeout(ctx, reawakenEvery)
		err := write(within, k.text, k.line)
		cancel()
		if err != nil {
			if ctx.Err() == nil {
				log.Error("the text of the policy in force could not be written down; trying again", "error", err, "policy", k.text.Digest, "again_in", reawakenEvery)
			}
			return u[i:]
		}
	}
	return nil
}
