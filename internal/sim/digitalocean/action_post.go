package digitalocean

import "time"

// postAction is POST /v2/droplets/{droplet_id}/actions.
func (w *world) postAction(c *call) (answer, *refusal) {
	d, refused := w.find(c)
	if refused != nil {
		return answer{}, refused
	}
	r, refused := c.readAction()
	if refused != nil {
		return answer{}, refused
	}
	if refused := w.admit(c, d, r); refused != nil {
		return answer{}, refused
	}
	return answer{201, map[string]any{"action": w.act(c, d, r).Action}}, nil
}

// postActionsByTag is POST /v2/droplets/actions?tag_name=…, for the eight types that the OpenAPI
// document lists (and for enable_private_networking, which godo still has). The Droplets that
// cannot take it are passed over; where none can, the first one's refusal is the answer (ours:
// DigitalOcean does not document it).
func (w *world) postActionsByTag(c *call) (answer, *refusal) {
	tag := c.query.Get("tag_name")
	if tag == "" {
		return answer{}, badRequest("tag_name is required.") // wording ours
	}
	r, refused := c.readAction()
	if refused != nil {
		return answer{}, refused
	}
	if !r.kind.byTag {
		return answer{}, unprocessable("The action type %s cannot be used with a tag.", r.Type) // wording ours
	}
	started := []Action{}
	var first *refusal
	for _, d := range w.droplets {
		if !d.real.hasTag(tag) {
			continue
		}
		if refused := w.admit(c, d, r); refused != nil {
			if first == nil {
				first = refused
			}
			continue
		}
		started = append(started, w.act(c, d, r).Action)
	}
	if len(started) == 0 && first != nil {
		return answer{}, first
	}
	return answer{201, map[string]any{"actions": started}}, nil
}

// admit says whether a Droplet can take an action now.
func (w *world) admit(c *call, d *droplet, r *actionRequest) *refusal {
	for _, scope := range r.kind.scopes {
		if refused := c.server.scope(scope); refused != nil {
			return refused
		}
	}
	switch {
	case d.gone:
		return notFound()
	case d.locked:
		return unprocessable("Droplet is locked. Please contact support.") // wording ours
	case d.pending != nil:
		return unprocessable("Droplet already has a pending event.")
	case d.real.Status == "archive":
		return unprocessable("Droplet is archived.") // wording ours
	case r.kind.admit != nil:
		return r.kind.admit(w, d, r)
	}
	return nil
}

func (w *world) act(c *call, d *droplet, r *actionRequest) *action {
	a := w.begin(d, r.Type, c.now, c.outcome, func(at time.Time) {
		if r.kind.effect != nil {
			r.kind.effect(w, d, r, at)
		}
	})
	c.accepted(d.real.ID, a.ID, r.Type)
	return a
}
