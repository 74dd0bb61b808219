package approvals

import "time"

// Intent is what is known of one POST whose answer is not: it is under way, or was
// lost. Several on one Droplet have to be told apart by what they could have made.
type Intent struct {
	RequestID    string
	Sends        string // DigitalOcean's action type
	Open         bool   // it is under way or looked for; false: it ended as unknown
	Baseline     int
	Droplet      Droplet // as the card showed it; of a create, as it is to be
	Bore         []int   // of a create: those that bore the name before it
	DispatchedAt time.Time
}
