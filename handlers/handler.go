package handlers

import (
	"context"
	"log/slog"
	"time"

	"dropletops/api"
	"dropletops/approvals"
)

// Handler turns payloads into calls and replies. Its fields are set once, before
// the first call; all of them are required.
type Handler struct {
	Requests  Requests
	Droplets  Droplets
	Images    Images
	Past      Past
	Envelopes Envelopes
	Now       func() time.Time
	Log       *slog.Logger
	// BotUserID answers the bot's own user ID; empty as long as it is not known.
	BotUserID func() string
	// Name is what the bot is called in sentences: "dropletops".
	Name string
}

// Requests is what handlers ask of the approvals room.
type Requests interface {
	Admit(ctx context.Context, who approvals.Who) (approvals.Person, error)
	Submit(ctx context.Context, d approvals.Draft) (*approvals.Request, error)
	Decide(ctx context.Context, k approvals.Click) (*approvals.Request, error)
	Request(ctx context.Context, id string) (*approvals.Request, error)
	Refused(ctx context.Context, who approvals.Who, words string, refusal error) error
}

// Droplets finds what people name.
type Droplets interface {
	Droplet(ctx context.Context, id int) (api.Droplet, error)
	Droplets(ctx context.Context) ([]api.Droplet, error)
	Tagged(ctx context.Context, tag string) ([]api.Droplet, error)
}

// Images finds what a Droplet can be made from, or be brought back to.
type Images interface {
	Image(ctx context.Context, idOrSlug string) (api.Image, error)
	Backups(ctx context.Context, droplet int) ([]api.Image, error)
	Snapshots(ctx context.Context, droplet int) ([]api.Image, error)
}

// Past is what was done with a Droplet before.
type Past interface {
	History(ctx context.Context, droplet int) ([]api.Record, error)
	Usual(ctx context.Context, droplet int, a *api.Action) time.Duration
}

// Envelopes loads an envelope that was written down earlier. It answers
// approvals.ErrNotFound if it is not kept any more.
type Envelopes interface {
	Envelope(ctx context.Context, key string) (approvals.Envelope, error)
}

// Handle does what an envelope asks for, after it was acknowledged. What the
// asker did wrong, or may not do, is a Reply. An error is a fault of ours or one
// that passes: the envelope is to be handled again, and if that does not help,
// whoever [AddressOf] names is to be told.
func (h *Handler) Handle(ctx context.Context, e approvals.Envelope) (Reply, error) {
	return Reply{}, nil
}

// Respond answers what has to be answered inside the acknowledgement; ok is
// false where nothing has.
func (h *Handler) Respond(ctx context.Context, e approvals.Envelope) (payload any, ok bool, err error) {
	return nil, false, nil
}
