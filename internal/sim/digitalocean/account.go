package digitalocean

import (
	"strconv"
)

// Account that the token belongs to.
type Account struct {
	DropletLimit    int    `json:"droplet_limit"`
	FloatingIPLimit int    `json:"floating_ip_limit"`
	ReservedIPLimit int    `json:"reserved_ip_limit"`
	VolumeLimit     int    `json:"volume_limit"`
	Email           string `json:"email"`
	Name            string `json:"name"`
	UUID            string `json:"uuid"`
	EmailVerified   bool   `json:"email_verified"`
	Status          string `json:"status"`
	StatusMessage   string `json:"status_message"`
	Team            Team   `json:"team"`
}

// Team of the account.
type Team struct {
	UUID string `json:"uuid"`
	Name string `json:"name"`
}

func (w *world) getAccount(*call) (answer, *refusal) {
	return answer{200, map[string]any{"account": w.account}}, nil
}

// Key is an SSH key of the account.
type Key struct {
	ID          int    `json:"id"`
	Fingerprint string `json:"fingerprint"`
	PublicKey   string `json:"public_key"`
	Name        string `json:"name"`
}

func (w *world) listKeys(c *call) (answer, *refusal) { return page(c, "ssh_keys", w.keys) }

func (w *world) getKey(c *call) (answer, *refusal) {
	k := w.findKey(c.vars["key"])
	if k == nil {
		return answer{}, notFound()
	}
	return answer{200, map[string]any{"ssh_key": k}}, nil
}

// findKey is by ID or fingerprint.
func (w *world) findKey(ref string) *Key {
	for i := range w.keys {
		if w.keys[i].Fingerprint == ref || strconv.Itoa(w.keys[i].ID) == ref {
			return &w.keys[i]
		}
	}
	return nil
}
