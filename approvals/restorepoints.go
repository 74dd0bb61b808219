package approvals

import "fmt"

// RestorePoints are the images, by their IDs, that a card names as what one could go
// back to; 0 is none. A decision is for them, too: whoever let something destructive go
// ahead may have done so because of them.
type RestorePoints struct {
	Backup   int `json:"backup,omitempty"`
	Snapshot int `json:"snapshot,omitempty"`
}

// bindRestorePoints has decisions be for the restore points that the card names. Of what
// deletes a Droplet's backups, they are none.
func (r *Request) bindRestorePoints() {
	r.RestorePoints = nil
	if r.Rescue == nil || !r.Rescue.Known || len(r.Targets) != 1 {
		return
	}
	var p RestorePoints
	if b := r.Rescue.Backup; b != nil && r.Action.Type != "destroy" && r.Action.Type != "disable_backups" {
		p.Backup = b.ID
	}
	if s := r.Rescue.Snapshot; s != nil {
		p.Snapshot = s.ID
	}
	if p != (RestorePoints{}) {
		r.RestorePoints = &p
	}
}

// RestoreDifferences lists which of the restore points that a decision is for are not
// the newest any more in now. Where the card named none, one that is there now is no
// difference.
func (r *Request) RestoreDifferences(now Rescue) []Difference {
	if r.RestorePoints == nil || r.Rescue == nil {
		return nil
	}
	var out []Difference
	add := func(what string, bound int, was, is *Image) {
		if bound == 0 || was == nil || is != nil && is.ID == bound {
			return
		}
		d := Difference{What: what, Was: was.numbered(), Is: "not known: DigitalOcean does not let it be read"}
		switch {
		case is != nil:
			d.Is = is.numbered()
		case now.Known:
			d.Is = "none"
		}
		out = append(out, d)
	}
	add(OfBackup, r.RestorePoints.Backup, r.Rescue.Backup, now.Backup)
	add(OfSnapshot, r.RestorePoints.Snapshot, r.Rescue.Snapshot, now.Snapshot)
	return out
}

func (i Image) numbered() string { return fmt.Sprintf("%s (%d)", i.Label(), i.ID) }
