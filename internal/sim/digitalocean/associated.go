package digitalocean

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// associated is one billable thing that may be destroyed along with a Droplet.
type associated struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Cost string `json:"cost"` // US dollars a month
}

// US dollars a GB and month, as DigitalOcean's price list has them.
const (
	snapshotPrice = 0.06
	volumePrice   = 0.10
)

// associatedWith lists by kind, as the API does; reserved IPs are not in this world.
func (w *world) associatedWith(d *droplet) map[string][]associated {
	out := map[string][]associated{"reserved_ips": {}, "floating_ips": {}, "snapshots": {}, "volumes": {}, "volume_snapshots": {}}
	for _, im := range w.imagesOf(d.real.ID, "snapshot") {
		out["snapshots"] = append(out["snapshots"], associated{strconv.Itoa(im.ID), im.Name, dollars(im.SizeGigabytes * snapshotPrice)})
	}
	for _, v := range w.volumes {
		if !slices.Contains(v.DropletIDs, d.real.ID) {
			continue
		}
		out["volumes"] = append(out["volumes"], associated{v.ID, v.Name, dollars(float64(v.SizeGigabytes) * volumePrice)})
		for _, s := range v.snapshots {
			out["volume_snapshots"] = append(out["volume_snapshots"], associated{s.ID, s.Name, dollars(s.SizeGigabytes * snapshotPrice)})
		}
	}
	return out
}

func dollars(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) }

func (w *world) listAssociated(c *call) (answer, *refusal) {
	d, refused := w.findVisible(c)
	if refused != nil {
		return answer{}, refused
	}
	all := w.associatedWith(d)
	for kind, scope := range map[string]string{"volumes": "block_storage:read", "volume_snapshots": "block_storage_snapshot:read", "snapshots": "image:read",
		"reserved_ips": "reserved_ip:read", "floating_ips": "reserved_ip:read"} {
		if c.server.scope(scope) != nil { // "only … resources that you are authorized to see"
			all[kind] = []associated{}
		}
	}
	return answer{200, all}, nil
}

// mayDestroyWith are the scopes that every destroy with associated resources takes, besides droplet:delete.
func (c *call) mayDestroyWith() *refusal {
	for _, scope := range []string{"block_storage:delete", "block_storage_snapshot:delete", "image:delete", "reserved_ip:delete"} {
		if refused := c.server.scope(scope); refused != nil {
			return refused
		}
	}
	return nil
}

// destroyed is one thing that was destroyed.
type destroyed struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"`
	DestroyedAt *time.Time `json:"destroyed_at,omitempty"`
	Error       string     `json:"error_message,omitempty"` // why it was not
}

// destroyStatus is how a destroy with associated resources went. Here it is over at once.
type destroyStatus struct {
	Droplet     destroyed              `json:"droplet"`
	Resources   map[string][]destroyed `json:"resources"`
	CompletedAt time.Time              `json:"completed_at"`
	Failures    int                    `json:"failures"`
}

// destroySelective destroys the Droplet and the associated resources that the body names by ID.
func (w *world) destroySelective(c *call) (answer, *refusal) {
	if refused := c.mayDestroyWith(); refused != nil {
		return answer{}, refused
	}
	d, refused := w.mayDestroy(c)
	if refused != nil {
		return answer{}, refused
	}
	wanted := map[string][]string{}
	if len(c.body) > 0 {
		o, refused := c.readObject()
		if refused != nil {
			return answer{}, refused
		}
		for kind := range w.associatedWith(d) {
			var ids []string
			if _, refused := o.take(kind, &ids); refused != nil {
				return answer{}, refused
			}
			wanted[kind] = ids
		}
		c.rec.UnknownFields = o.unknown()
	}
	return w.destroyWith(c, d, func(kind, id string) bool { return slices.Contains(wanted[kind], id) })
}

// destroyDangerous destroys everything; the header X-Dangerous: true must say so.
func (w *world) destroyDangerous(c *call) (answer, *refusal) {
	if refused := c.mayDestroyWith(); refused != nil {
		return answer{}, refused
	}
	d, refused := w.mayDestroy(c)
	if refused != nil {
		return answer{}, refused
	}
	if !strings.EqualFold(c.header.Get("X-Dangerous"), "true") {
		return answer{}, badRequest("The X-Dangerous header must be set to true.") // wording ours
	}
	return w.destroyWith(c, d, func(string, string) bool { return true })
}

func (w *world) destroyWith(c *call, d *droplet, wanted func(kind, id string) bool) (answer, *refusal) {
	at := second(c.now)
	status := &destroyStatus{destroyed{strconv.Itoa(d.real.ID), d.real.Name, &at, ""}, map[string][]destroyed{}, at, 0}
	for kind, list := range w.associatedWith(d) {
		status.Resources[kind] = []destroyed{}
		for _, x := range list {
			switch {
			case !wanted(kind, x.ID):
			case w.stuck[x.ID] != "":
				status.Resources[kind] = append(status.Resources[kind], destroyed{x.ID, x.Name, nil, w.stuck[x.ID]})
				status.Failures++
			default:
				status.Resources[kind] = append(status.Resources[kind], destroyed{x.ID, x.Name, &at, ""})
				w.dropAssociated(kind, x.ID)
			}
		}
	}
	w.destroys[d.real.ID] = status
	c.accepted(d.real.ID, 0, "destroy")
	if why := w.stuck[status.Droplet.ID]; why != "" {
		status.Droplet.DestroyedAt, status.Droplet.Error = nil, why
	} else {
		w.destroyLate(c, d)
	}
	return answer{202, nil}, nil
}

// Stick lets a volume or a snapshot be destroyed with no Droplet, for a reason, or a Droplet itself.
func (s *Server) Stick(id, why string) { s.look(func(time.Time) { s.w.stuck[id] = why }) }

func (w *world) dropAssociated(kind, id string) {
	if kind == "volumes" {
		w.volumes = slices.DeleteFunc(w.volumes, func(v *Volume) bool { return v.ID == id })
		return
	}
	for _, s := range w.snapshots(w.images) {
		if s.ID == id {
			w.dropSnapshot(s)
		}
	}
}

func (w *world) getDestroyStatus(c *call) (answer, *refusal) {
	id, refused := c.pathID("droplet_id")
	if refused != nil {
		return answer{}, refused
	}
	status := w.destroys[id]
	if status == nil {
		return answer{}, notFound()
	}
	return answer{200, status}, nil
}

// retryDestroy tries again what failed, and nothing fails here.
func (w *world) retryDestroy(c *call) (answer, *refusal) {
	if refused := c.mayDestroyWith(); refused != nil {
		return answer{}, refused
	}
	if _, refused := w.getDestroyStatus(c); refused != nil {
		return answer{}, refused
	}
	return answer{202, nil}, nil
}
