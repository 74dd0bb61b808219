package digitalocean

import (
	"math"
	"slices"
	"strconv"
	"time"
)

// Action as the API shows it.
type Action struct {
	ID           int        `json:"id"`
	Status       string     `json:"status"` // in-progress, completed, errored
	Type         string     `json:"type"`
	StartedAt    time.Time  `json:"started_at"`
	CompletedAt  *time.Time `json:"completed_at"`
	ResourceID   int        `json:"resource_id"`
	ResourceType string     `json:"resource_type"`
	Region       *Region    `json:"region"`
	RegionSlug   string     `json:"region_slug"`
}

type action struct {
	Action
	effect  func(at time.Time) // on the Droplet; nil for none
	outcome Outcome
	overdue bool           // due while all actions were held
	hidden  time.Time      // a 404 by its ID until then
	listed  trail[*Action] // nil is for not in the list
}

// begin starts an action on a Droplet, due after its usual duration at the Server's speed.
func (w *world) begin(d *droplet, kind string, now time.Time, outcome Outcome, effect func(at time.Time)) *action {
	a := w.addAction(Action{
		Status: "in-progress", Type: kind, StartedAt: second(now), ResourceID: d.real.ID,
		ResourceType: "droplet", RegionSlug: d.real.Region.Slug,
	}, now)
	a.effect, a.outcome = effect, outcome
	d.pending = a
	if outcome != NeverEnds {
		w.schedule(now.Add(w.duration(kind)), func(at time.Time) {
			if w.holding {
				a.overdue = true
				return
			}
			w.end(a, at)
		})
	}
	return a
}

// addAction adds an action that became known at a time.
func (w *world) addAction(a Action, at time.Time) *action {
	a.ID = w.nextAction
	w.nextAction++
	a.Region = w.region(a.RegionSlug)
	out := &action{Action: a, hidden: w.after(at, w.lag.New)}
	if w.lag.Lists.on() {
		out.listed.keep(nil, w.after(out.hidden, w.lag.Lists))
	}
	w.actions = append(w.actions, out)
	return out
}

// duration of an action at the Server's speed.
func (w *world) duration(kind string) time.Duration {
	if math.IsInf(w.opt.Speed, 1) {
		return 0
	}
	return time.Duration(float64(UsualDuration(kind)) / w.opt.Speed)
}

// end finishes an action with the outcome it was started with.
func (w *world) end(a *action, at time.Time) {
	status := "completed"
	if a.outcome == Errors {
		status = "errored"
	}
	w.finish(a, status, at)
}

func (w *world) finish(a *action, status string, at time.Time) {
	if a.Status != "in-progress" {
		return
	}
	if before := a.Action; w.lag.Lists.on() {
		a.listed.keep(&before, w.after(at, w.lag.Lists))
	}
	a.Status, a.overdue = status, false
	if a.outcome != NullCompletedAt {
		t := second(at)
		a.CompletedAt = &t
	}
	d := w.byID[a.ResourceID]
	if d == nil {
		return // destroyed meanwhile; its actions outlive it
	}
	if d.pending == a {
		d.pending = nil
	}
	if status == "completed" && a.outcome != CompletesIdle && a.effect != nil {
		a.effect(at)
	}
}

func (w *world) actionByID(id int) *action {
	i, ok := slices.BinarySearchFunc(w.actions, id, func(a *action, id int) int { return a.ID - id })
	if !ok {
		return nil
	}
	return w.actions[i]
}

// listActions is of all the account's resources and has no filters. Newest first is what
// DigitalOcean gives, though it documents no order.
func (w *world) listActions(c *call) (answer, *refusal) {
	return w.pageActions(c, func(*action) bool { return true })
}

func (w *world) listDropletActions(c *call) (answer, *refusal) {
	d, refused := w.findVisible(c)
	if refused != nil {
		return answer{}, refused
	}
	return w.pageActions(c, func(a *action) bool { return a.ResourceType == "droplet" && a.ResourceID == d.real.ID })
}

func (w *world) pageActions(c *call, keep func(*action) bool) (answer, *refusal) {
	kept := []*Action{}
	for _, a := range w.actions {
		if !keep(a) {
			continue
		}
		if v := a.listed.at(w.now, w.lag.Lists, &a.Action); v != nil {
			kept = append(kept, v)
		}
	}
	if !w.opt.OldestActionsFirst {
		slices.Reverse(kept)
	}
	return page(c, "actions", kept)
}

func (w *world) getAction(c *call) (answer, *refusal) {
	id, refused := c.pathID("action_id")
	if refused != nil {
		return answer{}, refused
	}
	a := w.actionByID(id)
	if a == nil || w.hidden(a.hidden) {
		return answer{}, notFound()
	}
	return answer{200, map[string]any{"action": a.Action}}, nil
}

func (w *world) getDropletAction(c *call) (answer, *refusal) {
	d, refused := w.findVisible(c)
	if refused != nil {
		return answer{}, refused
	}
	id, err := strconv.Atoi(c.vars["action_id"])
	if a := w.actionByID(id); err == nil && a != nil && !w.hidden(a.hidden) && a.ResourceType == "droplet" && a.ResourceID == d.real.ID {
		return answer{200, map[string]any{"action": a.Action}}, nil
	}
	return answer{}, notFound()
}
