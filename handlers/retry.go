package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"dropletops/api"
	"dropletops/approvals"
)

// retry makes a new request of what failed in an old one, with fresh look-ups
// and a decision of its own. It is asked by whoever clicked.
func (h *Handler) retry(ctx context.Context, e approvals.Envelope, in interaction, c click) (Reply, error) {
	r, err := h.tryAgain(ctx, e, in, c)
	return orSaid(e.Attempt, in.address(), r, err)
}

func (h *Handler) tryAgain(ctx context.Context, e approvals.Envelope, in interaction, c click) (Reply, error) {
	said := "retry " + c.Value
	if err := h.admit(ctx, in.who(), said); err != nil {
		return Reply{}, err
	}
	old, err := h.Requests.Request(ctx, c.Value)
	if errors.Is(err, approvals.ErrNotFound) {
		return Reply{}, h.record(ctx, in.who(), said, mistake("This button belongs to no request that is known here."))
	}
	if err != nil {
		return Reply{}, fmt.Errorf("load request %s to retry it: %w", c.Value, err)
	}
	if err := retriable(old, in.message()); err != nil {
		return Reply{}, h.record(ctx, in.who(), said, err)
	}
	action, known := api.Lookup(old.Action.Type)
	if !known {
		return Reply{}, mistake("This can't be retried: this version knows no action " + code(old.Action.Type) + ".")
	}
	w := h.judgedByPlans(ctx, words{action: action, args: old.Action.Args})
	p := plan{action: w.action, args: w.args, unread: w.unread}
	if old.Image != nil {
		p.imageID = old.Image.ID
	}
	var gone string
	var d approvals.Draft
	if action.Make != nil {
		d, err = h.makeAgain(ctx, p, old)
	} else if p.droplets, gone, err = h.left(ctx, old); err == nil {
		d, err = h.draft(ctx, p)
	}
	if err != nil {
		return Reply{}, err
	}
	d.Reason, d.Patience, d.Tag, d.RetryOf, d.Who = old.Reason, old.Patience, old.Tag, old.ID, in.who()
	d.Origin = approvals.Origin{
		TeamID: in.User.TeamID, ChannelID: old.Origin.ChannelID, ThreadTS: old.Origin.ThreadTS, Private: old.Origin.Private, Group: old.Origin.Group,
		ResponseURL: in.ResponseURL, Envelope: e.Key, AskedAt: e.ReceivedAt, Words: said,
	}
	if _, err = h.Requests.Submit(ctx, d); err != nil || gone == "" {
		return Reply{}, err
	}
	return say(in.address(), gone), nil
}

// retriable answers a refusal if a request can't be retried from this message.
func retriable(r *approvals.Request, on approvals.MessageRef) error {
	if err := r.Belongs(on); err != nil {
		return err
	}
	switch {
	case r.RetriedBy != "":
		return mistake("This was retried already, by request " + code(r.RetriedBy) + ".")
	case r.State == approvals.Failed, r.State == approvals.Unknown:
		return nil
	case r.State.Open():
		return mistake("This can't be retried yet: it is " + string(r.State) + ".")
	}
	return mistake("There is nothing to retry: this is " + string(r.State) + ". To do it again, type the command again.")
}

// left answers the Droplets of a request on which its action did not work, as
// they are now, and a sentence on those that are gone.
func (h *Handler) left(ctx context.Context, r *approvals.Request) ([]api.Droplet, string, error) {
	var there []api.Droplet
	var gone []string
	for _, t := range r.Targets {
		if t.State != approvals.TargetErrored && t.State != approvals.TargetUnknown {
			continue
		}
		d, err := h.Lookup.Droplet(ctx, t.Droplet.ID)
		if api.KindOf(err) == api.NotFound {
			gone = append(gone, t.Droplet.Name)
			continue
		}
		if err != nil {
			return nil, "", lookedUp(err)
		}
		if t.State == approvals.TargetUnknown {
			if err := h.lookFirst(ctx, r, t); err != nil {
				return nil, "", err
			}
		}
		there = append(there, d)
	}
	switch {
	case len(there) == 0 && len(gone) == 0:
		return nil, "", mistake("There is nothing to retry: no Droplet of this request failed.")
	case len(there) == 0:
		return nil, "", mistake("There is nothing to retry: gone from DigitalOcean are " + codes(gone) + ".")
	case len(gone) > 0:
		return there, "Left out of the retry, since they are gone from DigitalOcean: " + codes(gone) + ".", nil
	}
	return there, "", nil
}

// clockSlack is by how much DigitalOcean's clock may be behind ours, and its
// times are cut to the second. Too much of it only makes a person look twice.
const clockSlack = 30 * time.Second

// lookFirst looks for the action whose answer was lost. If there is one that may
// be it, sending another would make two.
func (h *Handler) lookFirst(ctx context.Context, r *approvals.Request, t approvals.Target) error {
	records, err := h.Actions.History(ctx, t.Droplet.ID)
	if err != nil {
		return lookedUp(err)
	}
	typ, sent := cmp.Or(t.Sends, r.Action.Type), t.DispatchedAt
	if f := t.Fault; f != nil && f.State == approvals.TargetUnknown { // what followed it was not it
		typ, sent = f.Sends, f.DispatchedAt
	}
	if sent.IsZero() { // nothing is known to have been sent, but it may have been
		sent = r.CreatedAt
	}
	for _, rec := range records {
		if rec.Type != typ || rec.StartedAt.Before(sent.Add(-clockSlack)) {
			continue
		}
		return mistake(fmt.Sprintf("Nothing was sent again: %s on %s was started at %s and is %s (action %d). "+
			"If that was not this request's, type the command again.", code(rec.Type), code(t.Droplet.Name),
			code(rec.StartedAt.UTC().Format(time.RFC3339)), code(rec.Status), rec.ID))
	}
	return nil
}
