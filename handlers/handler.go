package handlers

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/card"
	"dropletops/internal/lookup"
)

// Handler turns payloads into calls and replies. Its fields are set once, before
// the first call; all of them are required.
type Handler struct {
	Requests   Requests
	Decisions  Decisions
	Droplets   Droplets
	Lookup     lookup.Reader
	Images     Images
	Actions    Actions
	Records    Records
	Account    Account
	Details    Details
	Offers     Offers
	Life       Life
	Protection Protection
	Doers      Doers
	Channel    Channel
	Views      Views
	Envelopes  Envelopes
	Now        func() time.Time
	Log        *slog.Logger
	// BotUserID answers the bot's own user ID; empty as long as it is not known.
	BotUserID func() string
	// Name is what the bot is called in sentences: "dropletops".
	Name string
	// Slower is how many times as long as in production an answer may take that is
	// to be inside an acknowledgement; 0 is once.
	Slower int

	told sync.Map // keys of envelopes in hand whose askers know that they wait
}

func (h *Handler) slower(d time.Duration) time.Duration { return d * time.Duration(max(1, h.Slower)) }

// Requests is what handlers ask of the approvals room.
type Requests interface {
	Admit(ctx context.Context, who approvals.Who) (approvals.Person, error)
	Submit(ctx context.Context, d approvals.Draft) (*approvals.Request, error)
	Request(ctx context.Context, id string) (*approvals.Request, error)
	Refused(ctx context.Context, who approvals.Who, words string, refusal error) error
	Outlook(ctx context.Context, by approvals.Person, a approvals.Action, channel string, droplets []approvals.Droplet) approvals.Outlook
}

// Decisions are made, explained, and told of.
type Decisions interface {
	Decide(ctx context.Context, k approvals.Click) (*approvals.Request, error)
	// Follow has what stands in a channel follow it to another ID, where the message that
	// was clicked shows that it has one now.
	Follow(ctx context.Context, id string, clicked approvals.MessageRef, carries string) error
	// SnapshotFirst adds a snapshot to a request, which makes it longer, and has it decided anew.
	SnapshotFirst(ctx context.Context, k approvals.Click, longer time.Duration) (*approvals.Request, error)
	Explain(ctx context.Context, id string, by approvals.Who, reason, envelope string) error
	Why(ctx context.Context, id string, who approvals.Who) (approvals.Why, error)
	// Reviews lists what someone went ahead with alone and nobody has looked at yet.
	Reviews(ctx context.Context, who approvals.Who) ([]approvals.OpenReview, error)
}

// Droplets finds what people name. All but the list of all is as it is at this
// moment, since a card shows it.
type Droplets interface {
	Droplet(ctx context.Context, id int) (api.Droplet, error)
	Droplets(ctx context.Context) ([]api.Droplet, error)
	Find(ctx context.Context, words string) (api.Found, error)
	Tagged(ctx context.Context, tag string) ([]api.Droplet, error)
}

// Images finds what a Droplet can be made from, or be brought back to.
type Images interface {
	Image(ctx context.Context, idOrSlug string) (api.Image, error)
	Backups(ctx context.Context, droplet int) ([]api.Image, error)
	Snapshots(ctx context.Context, droplet int) ([]api.Image, error)
}

// Actions tells what is known of an action on a Droplet before it is sent.
type Actions interface {
	// PreCheck answers a sentence on what is in the way, empty if nothing is.
	PreCheck(ctx context.Context, a *api.Action, d api.Droplet, args api.Args, img *api.Image) (string, error)
	Usual(ctx context.Context, droplet int, a *api.Action) time.Duration
	// History answers a Droplet's newest actions.
	History(ctx context.Context, droplet int) ([]api.Record, error)
}

// Records tells what was done.
type Records interface {
	// Past answers all of a Droplet's actions, newest first.
	Past(ctx context.Context, droplet int) ([]api.Record, error)
	// Newest answers the newest of the account, as many as DigitalOcean gives at once.
	Newest(ctx context.Context) ([]api.Record, error)
	Action(ctx context.Context, id int) (api.Record, error)
}

// Account lists what there is, and what can be had.
type Account interface {
	// Listing answers all Droplets as they are at this moment, by name.
	Listing(ctx context.Context) ([]api.Droplet, error)
	// Known answers those that were listed a moment ago, without asking.
	Known() []api.Droplet
	Sizes(ctx context.Context) ([]api.Plan, error)
	Images(ctx context.Context) ([]api.Image, error)
	Regions(ctx context.Context) ([]api.Region, error)
}

// Details tells what only a look at one Droplet shows.
type Details interface {
	Detail(ctx context.Context, id int) (api.Detail, error)
	BackupPolicy(ctx context.Context, droplet int) (api.BackupPolicy, error)
	Kernels(ctx context.Context, droplet int) ([]api.KernelVersion, error)
	Neighbors(ctx context.Context, droplet int) ([]api.Droplet, error)
	NeighborReport(ctx context.Context) ([][]int, error)
}

// Protection tells what guards Droplets and what they hold.
type Protection interface {
	Firewalls(ctx context.Context, droplet int) ([]api.Firewall, error)
	// BackupPolicies answers when the backups of all Droplets are taken, by their IDs.
	BackupPolicies(ctx context.Context) (map[int]api.BackupPolicy, error)
	// BackupPlans answers what policies there can be.
	BackupPlans(ctx context.Context) ([]api.BackupPlan, error)
}

// Life tells what people must know before Droplets are made or destroyed.
type Life interface {
	// Leftovers says what would stay of Droplets that are destroyed, one thing a line.
	Leftovers(ctx context.Context, on []api.Droplet) ([]string, error)
	// Associated answers what belongs to a Droplet and would outlive it.
	Associated(ctx context.Context, droplet int) ([]api.Associated, error)
	// Named answers the Droplets of a name, in any case, as they are at this moment.
	Named(ctx context.Context, name string) ([]api.Droplet, error)
	// Assets lists what the account has of a kind, as it is at this moment.
	Assets(ctx context.Context, k api.Kind) ([]api.Asset, error)
	Tags(ctx context.Context) ([]string, error)
}

// Doers tells whose doing actions were, of those that were ours.
type Doers interface {
	Doings(ctx context.Context, actionIDs []int) (map[int]approvals.Doing, error)
}

// Channel shows a message to everyone in a channel, in a thread where one is
// named. It answers a refusal where it may not post there.
type Channel interface {
	Show(ctx context.Context, where approvals.Origin, m card.Message) error
	// Tell shows a reply to whoever asked, while what they asked for goes on.
	Tell(ctx context.Context, r Reply) error
}

// Envelopes loads an envelope that was written down earlier. It answers
// approvals.ErrNotFound if it is not kept any more.
type Envelopes interface {
	Envelope(ctx context.Context, key string) (approvals.Envelope, error)
}

// The types of envelopes.
const (
	slashCommand = "slash_commands"
	interactive  = "interactive"
	eventsAPI    = "events_api"
)

// Handle does what an envelope asks for, after it was acknowledged. What the
// asker did wrong, or may not do, is a Reply. An error is a fault of ours or one
// that passes: the envelope is to be handled again, and if that does not help,
// whoever [AddressOf] names is to be told. [Later] is no fault: its turn is to come.
func (h *Handler) Handle(ctx context.Context, e approvals.Envelope) (Reply, error) {
	return h.inTurn(ctx, e, func(ctx context.Context) (Reply, error) { return h.handle(ctx, e) })
}

func (h *Handler) handle(ctx context.Context, e approvals.Envelope) (Reply, error) {
	switch e.Type {
	case slashCommand:
		c, err := read[command](e)
		if err != nil {
			return h.ignored(e, err.Error())
		}
		return h.answer(ctx, ofCommand(e, c))
	case eventsAPI:
		return h.mentioned(ctx, e)
	case interactive:
		return h.interacted(ctx, e)
	}
	return h.ignored(e, "an envelope of a type that is not used")
}

// ignored leaves an envelope alone that asks for nothing of ours, or can't be
// read: handling it again would not help.
func (h *Handler) ignored(e approvals.Envelope, why string) (Reply, error) {
	h.Log.Warn("ignored an envelope", "envelope", e.Key, "type", e.Type, "why", why)
	return Reply{}, nil
}

// interacted handles a click or a choice.
func (h *Handler) interacted(ctx context.Context, e approvals.Envelope) (Reply, error) {
	in, err := read[interaction](e)
	switch {
	case err != nil:
		return h.ignored(e, err.Error())
	case in.Type == "message_action":
		return h.shortcut(ctx, e, in)
	case in.Type == "view_submission":
		return h.submitted(ctx, e, in)
	case in.Type != "block_actions" || len(in.Actions) == 0:
		return h.ignored(e, "an interaction of type "+in.Type)
	case in.View.CallbackID == card.FormModal:
		return h.redraws(ctx, e, in)
	}
	c := in.Actions[0] // Slack sends one at a time
	if err := h.Decisions.Follow(ctx, c.Value, in.message(), in.carries(c, h.BotUserID())); err != nil {
		return Reply{}, err
	}
	switch kind := approvals.DecisionKind(c.ActionID); kind {
	case approvals.ToApprove, approvals.ToDeny, approvals.ToConfirm, approvals.ToCancel, approvals.ToRetract,
		approvals.ToBreakGlass, approvals.ToReview:
		r, err := h.decide(ctx, e, in, c, kind)
		return h.orStray(ctx, in, c, r, err)
	case approvals.ToSnapshotFirst:
		r, err := h.snapshotFirst(ctx, e, in, c)
		return h.orStray(ctx, in, c, r, err)
	case toRetry:
		r, err := h.retry(ctx, e, in, c)
		return h.orStray(ctx, in, c, r, err)
	case toPick:
		return h.pick(ctx, e, in, c)
	case toPage, toPageBack, toShare:
		return h.turn(ctx, e, in, c)
	}
	return h.ignored(e, "a click on "+c.ActionID)
}

// The action_ids besides those of decisions.
const (
	toRetry    = "retry"
	toPick     = "pick"
	toPage     = "page"
	toPageBack = "page_back"
	toShare    = "share"
)

// orSaid turns what is meant for whoever asked into a reply: a refusal, and an
// outage that does not pass. Handlers only read from DigitalOcean, so nothing was
// started then. That the envelope had its effect before is no news to anyone.
func orSaid(attempt int, to Address, r Reply, err error) (Reply, error) {
	var no *approvals.Refusal
	var failed *api.Error
	switch {
	case errors.As(err, new(*absent)):
		return r, err
	case errors.As(err, &no):
		return say(to, no.Sentence), nil
	case errors.Is(err, approvals.ErrHandled):
		return Reply{}, nil
	case errors.As(err, &failed) && attempt >= approvals.HandleTries && failed.Kind != api.RateLimited:
		said := plain(failed.Sentence())
		if !errors.As(err, new(*lookFailed)) {
			said = "Nothing was started. " + said
		}
		r = say(to, said)
		r.Nothing = true
		return r, nil
	}
	return r, err
}

// lookFailed is why a verb that only looks has no answer: it would have started nothing.
type lookFailed struct{ error }

func (f *lookFailed) Unwrap() error { return f.error }

// admit answers a refusal for whoever may not use this, and writes it down.
func (h *Handler) admit(ctx context.Context, who approvals.Who, words string) error {
	_, err := h.Requests.Admit(ctx, who)
	return h.record(ctx, who, words, err)
}

// record writes a refusal down; a fault, and nil, pass through.
func (h *Handler) record(ctx context.Context, who approvals.Who, words string, err error) error {
	var no *approvals.Refusal
	if !errors.As(err, &no) {
		return err
	}
	return h.Requests.Refused(ctx, who, clipped(words), err)
}
