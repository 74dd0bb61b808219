package approvals

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// State is how far a request has come, by the words of docs/CONTRACT.md §4.
type State string

// The states of a request.
const (
	Pending   State = "pending"   // waits for a decision
	Running   State = "running"   // may be acted on, or is
	Completed State = "completed" // all of it is done, and was seen to be
	Failed    State = "failed"    // some or all of it did not work
	Denied    State = "denied"
	Expired   State = "expired"
	Canceled  State = "canceled"
	Unknown   State = "unknown" // an answer was lost: a person must look
)

// Open says whether anything can still happen to a request in this state.
func (s State) Open() bool { return s == Pending || s == Running }

// TargetState is how far one Droplet of a running request has come.
type TargetState string

// The states of a target.
const (
	Queued        TargetState = "queued"      // nothing was sent
	Dispatching   TargetState = "dispatching" // the POST may have been sent
	Following     TargetState = "following"   // DigitalOcean has accepted it
	TargetDone    TargetState = "done"
	TargetErrored TargetState = "errored"
	TargetUnknown TargetState = "unknown"
	TargetSkipped TargetState = "canceled" // called off before anything was sent
)

// Ended says whether nothing more will happen to a target in this state.
func (s TargetState) Ended() bool {
	return s == TargetDone || s == TargetErrored || s == TargetUnknown || s == TargetSkipped
}

// Action is what is to be done: DigitalOcean's action type (power_cycle), or the
// verb of our own ones, and its arguments in their canonical spelling.
type Action struct {
	Type   string            `json:"type"`
	Args   map[string]string `json:"args,omitempty"`
	Danger Danger            `json:"danger"`
	// Withheld names the arguments that may hold secrets: what they are is part of the
	// digest, and stands in no line of the audit log.
	Withheld []string `json:"withheld,omitempty"`
	// Called are the names of what arguments hold the IDs of, by the ID: of SSH keys.
	// The card shows both; the ID is what counts.
	Called map[string]string `json:"called,omitempty"`
}

// Origin is where a request came from and where its answers go.
type Origin struct {
	TeamID    string `json:"team_id,omitempty"`
	ChannelID string `json:"channel_id"`
	// ThreadTS is the thread the command came from; the card and all progress
	// stay in it. Empty for a slash command, which Slack allows in no thread.
	ThreadTS string `json:"thread_ts,omitempty"`
	// Unthreaded says that the thread may have no reply yet, as that of a message from
	// which the request was made: Slack shows an ephemeral message to nobody there.
	Unthreaded bool `json:"unthreaded,omitempty"`
	// Group says that the channel is a direct message of several people: an app is part
	// of one from its start, or never.
	Group bool `json:"group,omitempty"`
	// Shared says that people of other workspaces are in the channel.
	Shared bool `json:"shared,omitempty"`
	// ResponseURL answers a slash command for 30 minutes, five times at the most.
	ResponseURL string `json:"response_url,omitempty"`
	// Private says that nobody but the asker and the bot sees the channel.
	Private bool `json:"private,omitempty"`
	// Envelope is the inbox key of the envelope that asked. One envelope makes
	// one request at the most.
	Envelope string `json:"envelope,omitempty"`
	// Words are what was typed, for the audit log.
	Words string `json:"words,omitempty"`
	// AskedAt is when that envelope was taken in, which may be long before the
	// request was made of it.
	AskedAt time.Time `json:"asked_at,omitzero"`
}

// MessageRef is the place of a message in Slack.
type MessageRef struct {
	ChannelID string `json:"channel_id"`
	TS        string `json:"ts"`
}

// Request is one action on one or more Droplets, asked by one person.
type Request struct {
	ID      string `json:"id"`
	Version int64  `json:"version"` // grows by one with each committed change
	State   State  `json:"state"`

	Action Action `json:"action"`
	Image  *Image `json:"image,omitempty"` // the image or backup to be used
	Plan   *Plan  `json:"plan,omitempty"`  // the size to be given, as far as it is known
	Reason string `json:"reason,omitempty"`
	Tag    string `json:"tag,omitempty"` // the tag that named the targets
	// Present is how what the action changes is now, where the Droplet does not show
	// it. Plain text.
	Present string `json:"present,omitempty"`
	// Heed is what is in nobody's way and worth knowing, as it was when asked. Plain text.
	Heed string `json:"heed,omitempty"`
	// LeftOut are sentences on the Droplets with the tag that are no targets, since
	// they are what the action would make of them. Plain text.
	LeftOut []string `json:"left_out,omitempty"`
	Targets []Target `json:"-"` // rows of their own
	Rescue  *Rescue  `json:"rescue,omitempty"`
	// RestorePoints is what of Rescue decisions are for; nil of a request whose card
	// names none, or that an older version made.
	RestorePoints *RestorePoints `json:"restore_points,omitempty"`
	// Leaves is what stays of Droplets that are to be destroyed; nil of all else.
	Leaves    *Leaves `json:"leaves,omitempty"`
	Requester Person  `json:"requester"`
	Origin    Origin  `json:"origin"`
	RetryOf   string  `json:"retry_of,omitempty"`
	RetriedBy string  `json:"retried_by,omitempty"`

	// Usual is how long this action usually takes here: the median of its type in the
	// Droplet's own history, else in the account's, else the catalogue's figure.
	Usual time.Duration `json:"usual,omitempty"`
	// Patience is after how long, from its first intent, people are told that a Droplet
	// takes longer than it should, where whoever asked said so.
	Patience  time.Duration `json:"patience,omitempty"`
	Verdict   Verdict       `json:"verdict"`
	Decisions []Decision    `json:"decisions,omitempty"`
	// Round counts how often the decision began anew because of a drift.
	Round int          `json:"round,omitempty"`
	Drift []Difference `json:"drift,omitempty"` // what made it begin anew
	// Review is open from when someone went ahead alone until another person has
	// looked at it.
	Review *Review `json:"review,omitempty"`
	// RemindAt is when those who can approve are reminded; zero if they are not, or
	// were.
	RemindAt time.Time `json:"remind_at,omitzero"`
	// Note is the sentence behind the state, where the state alone does not say
	// it: why it failed, why it was called off.
	Note string `json:"note,omitempty"`

	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at,omitzero"` // of a pending one
	StartedAt time.Time `json:"started_at,omitzero"` // allowed to run
	EndedAt   time.Time `json:"ended_at,omitzero"`

	// Card is where the card stands; empty until Slack has taken it. Nothing is
	// sent to DigitalOcean before that. It is the publisher's to set.
	Card MessageRef `json:"-"`
}

// Target is one Droplet of a request.
type Target struct {
	Ordinal int         `json:"ordinal"`
	Droplet Droplet     `json:"droplet"` // as the card showed it
	State   TargetState `json:"state"`
	// Unnamed says that whoever asked named the Droplet by its ID or a tag, so that its
	// name may change without another Droplet being meant.
	Unnamed bool `json:"unnamed,omitempty"`
	// Wait says why a queued target has to wait, empty if it does not.
	Wait      Wait      `json:"wait,omitempty"`
	WaitSince time.Time `json:"wait_since,omitzero"`
	// DispatchedAt is when the intent to POST was committed, by which process.
	DispatchedAt time.Time `json:"dispatched_at,omitzero"`
	DispatchedBy string    `json:"dispatched_by,omitempty"`
	// Sends is the type of DigitalOcean's action that was sent, or is about to be.
	Sends string `json:"sends,omitempty"`
	// Step is which of several actions is next or under way, from 0, and Past are those
	// that are over. Once Step is above 0 something was sent.
	Step int         `json:"step,omitempty"`
	Past []ActionRef `json:"past,omitempty"`
	// Saved is what those that are over made, such as a snapshot. Plain text.
	Saved string `json:"saved,omitempty"`
	// Fault is that one of them did not work, so that what was asked for has failed.
	Fault *Fault `json:"fault,omitempty"`
	// BeganAt is the first intent that was not refused, from which its whole duration counts.
	BeganAt time.Time `json:"began_at,omitzero"`
	// Baseline is the Droplet's newest action when the intent was committed: a
	// lost one is looked for among those after it.
	Baseline int `json:"baseline,omitempty"`
	// Made is the Droplet that a create made; 0 until DigitalOcean has accepted it. Until
	// then the target has no ID, and goes by its name.
	Made int `json:"made,omitempty"`
	// Bore are the Droplets that bore the name when the intent to create was committed:
	// none of them is the one whose answer was lost.
	Bore []int `json:"bore,omitempty"`
	// LostAt is when the answer to the POST was found to be lost.
	LostAt time.Time  `json:"lost_at,omitzero"`
	Action *ActionRef `json:"action,omitempty"`
	// SettlingAt is when DigitalOcean was first seen to call the action completed.
	SettlingAt   time.Time `json:"settling_at,omitzero"`
	SettlingSaid bool      `json:"settling_said,omitempty"` // people were told that it takes a while

	After   *Droplet `json:"after,omitempty"`   // as it was at the end
	Result  string   `json:"result,omitempty"`  // what came of it, such as the snapshot's ID
	Problem string   `json:"problem,omitempty"` // a sentence, with DigitalOcean's request ID
	// Slow is set once people were told that it takes longer than usual.
	Slow    bool      `json:"slow,omitempty"`
	EndedAt time.Time `json:"ended_at,omitzero"`
}

// Wait is why a queued target waits.
type Wait string

// What a target can wait for.
const (
	WaitPendingEvent Wait = "pending_event" // another action on the Droplet is under way
	WaitRateLimit    Wait = "rate_limit"    // DigitalOcean said 429
	WaitUnreachable  Wait = "unreachable"   // DigitalOcean could not be asked
	WaitName         Wait = "name"          // another request is creating a Droplet of that name
	WaitPeople       Wait = "people"        // Slack could not be asked who may decide
	WaitNotVisible   Wait = "not_visible"   // DigitalOcean answered 404 for what it showed before
)

// Bulk says whether the request is for more than one Droplet.
func (r *Request) Bulk() bool { return len(r.Targets) > 1 }

// Sent says whether anything may have been sent to DigitalOcean.
func (r *Request) Sent() bool {
	for _, t := range r.Targets {
		if t.State != Queued && t.State != TargetSkipped || t.Step > 0 {
			return true
		}
	}
	return false
}

// untouched says whether nothing was sent for a target, and nothing called it off.
func (t *Target) untouched() bool { return t.State == Queued && t.Step == 0 }

// Digest is a fingerprint of what a decision is for: the action, its arguments,
// the Droplets and of each what CONTRACT §5 binds, the image to be used, what
// would be left behind, and the restore points that the card names.
func (r *Request) Digest() string {
	type bound struct {
		ID                         int
		Name, Status, Size, Region string
		ImageID                    int
	}
	what := struct {
		Type    string
		Args    map[string]string
		Image   int
		Targets []bound
		Leaves  *Leaves        `json:",omitempty"`
		Restore *RestorePoints `json:",omitempty"`
	}{Type: r.Action.Type, Args: r.Action.Args, Leaves: r.Leaves, Restore: r.RestorePoints}
	if r.Image != nil {
		what.Image = r.Image.ID
	}
	for _, t := range r.Targets {
		d := t.Droplet
		what.Targets = append(what.Targets, bound{d.ID, d.Name, d.Status, d.Size, d.Region, d.ImageID})
	}
	b, err := json.Marshal(what) // maps are written in the order of their keys
	if err != nil {
		panic("approvals: a request's digest: " + err.Error()) // plain types only
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// idAlphabet is Crockford's base 32: nothing in it is mistaken for another.
const idAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// NewID makes a request ID: 60 random bits, short enough to be read aloud.
func NewID() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	for i := range b {
		b[i] = idAlphabet[b[i]%32]
	}
	return "r-" + string(b[:])
}
