package bot

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"dropletops/approvals"
	"dropletops/handlers"
	"dropletops/internal/task"
)

// Handler is the handlers room, as the bot calls it.
type Handler interface {
	Handle(ctx context.Context, e approvals.Envelope) (handlers.Reply, error)
	Respond(ctx context.Context, e approvals.Envelope) (payload any, ok bool, err error)
}

// Config is what a [Bot] is made of.
type Config struct {
	Client    *Client
	Handler   Handler
	Inbox     Inbox
	Outbox    Outbox
	Abandoner Abandoner
	// Turn says whether it is this process that publishes, of all the replicas
	// there are; nil says that there is but one.
	Turn func() bool
	// Process names this process, differently at each start: it stands in the
	// outbox beside what it set out to post.
	Process string
	// Drain is how long [Bot.Run] takes at the most to finish what is in hand
	// once its context ended; 0 means 8 s, of the 10 s of CONTRACT §2.
	Drain time.Duration
	// Slower is how many times as long as in production what Slack waits for may
	// take, for a Slack that waits so much longer; 0 is once.
	Slower int
}

// Bot is Dropletops in one workspace.
type Bot struct {
	config    Config
	client    *Client
	sockets   *sockets
	intake    *intake
	publisher *publisher
	stopping  atomic.Bool
}

// New makes a Bot. Kick and Sweep may be called before Run; what they ask for
// is done once it runs.
func New(c Config) (*Bot, error) {
	if c.Client == nil || c.Handler == nil || c.Inbox == nil || c.Outbox == nil || c.Abandoner == nil || c.Process == "" {
		return nil, errors.New("make a bot: Client, Handler, Inbox, Outbox, Abandoner and Process are all required")
	}
	if c.Turn == nil {
		c.Turn = func() bool { return true }
	}
	if c.Drain == 0 {
		c.Drain = 8 * time.Second
	}
	b := &Bot{config: c, client: c.Client}
	p := newPace()
	r := &replies{client: c.Client, pace: p}
	b.intake = newIntake(c, r)
	b.publisher = newPublisher(c, p, r)
	b.intake.hands.stray = b.publisher.supersede
	b.sockets = newSockets(c.Client, b.intake.deliver)
	return b, nil
}

// Ready says whether commands get through: Slack has accepted the bot token, and
// at least one socket has had its hello and lives.
func (b *Bot) Ready() bool {
	_, known := b.client.Identity()
	return known && !b.stopping.Load() && b.sockets.ready()
}

// BotUserID is the bot's own user ID; empty as long as Slack has not said it.
func (b *Bot) BotUserID() string { return b.client.BotUserID() }

// Kick says that a request has changed and Slack is to be told. It never waits.
// It answers false if that is another process's to do.
func (b *Bot) Kick(id string) bool { return b.publisher.kick(id) }

// Sweep looks for requests whose cards or threads lag behind, and queues them.
func (b *Bot) Sweep(ctx context.Context) error { return b.publisher.sweep(ctx) }

// Recover looks for envelopes that were taken in and never handled, and hands
// them on, oldest first; one that is older than 30 minutes is not carried out,
// and whoever asked is told. Run does so at its start; a wake-up may do so again,
// and does nothing before Run.
func (b *Bot) Recover(ctx context.Context) error { return b.intake.recover(ctx) }

// Run connects to Slack and works until ctx ends; it then takes nothing in any
// more, finishes what is in hand within Config.Drain, leaves the rest to the next
// start, and answers nil. It answers a [Rejected], which names the variable, when
// Slack refuses a token for good. Everything else that goes wrong is retried.
func (b *Bot) Run(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	// work outlives ctx by the time that draining takes.
	work, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	listening, hangUp := context.WithCancel(work)
	defer hangUp()

	b.intake.begin(work)
	var all sync.WaitGroup
	all.Go(task.Again(listening, b.client.crashed, func() { b.sockets.run(listening) }))
	all.Go(task.Again(ctx, b.client.crashed, func() { b.intake.hands.run(ctx, work) }))
	all.Go(task.Again(ctx, b.client.crashed, func() {
		if err := b.authenticate(ctx); err != nil {
			stop(err)
			return
		}
		b.intake.open(ctx)
		all.Go(task.Again(ctx, b.client.crashed, func() { b.intake.keep(ctx) }))
		task.Again(ctx, b.client.crashed, func() { b.publisher.run(ctx, work) })()
	}))
	select {
	case <-ctx.Done():
	case no := <-b.client.rejected:
		stop(no)
	}

	b.stopping.Store(true)
	deadline := time.AfterFunc(b.config.Drain, cut)
	defer deadline.Stop()
	b.intake.close(work)
	hangUp()
	all.Wait()
	b.intake.end()
	b.client.http.CloseIdleConnections()
	var no *Rejected
	if errors.As(context.Cause(ctx), &no) {
		return no
	}
	return nil
}

// authenticate asks Slack who the bot is, until it says so.
func (b *Bot) authenticate(ctx context.Context) error {
	for failures := 1; ; failures++ {
		id, err := b.client.Authenticate(ctx)
		if err == nil {
			b.client.log().Info("Slack knows the bot", "team", id.TeamID, "name", id.Team, "bot_user", id.BotUserID)
			return nil
		}
		var no *Rejected
		if errors.As(err, &no) {
			return no
		}
		if ctx.Err() != nil {
			return fmt.Errorf("stopped: %w", ctx.Err())
		}
		b.client.log().Warn("Slack does not say who the bot is; asking again", "error", safe(err), "attempt", failures)
		wait := backoff(failures, time.Second, 30*time.Second)
		var slow *approvals.RateLimited
		if errors.As(err, &slow) {
			wait = max(wait, slow.RetryAfter)
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}
