package card

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"dropletops/api"
	"dropletops/approvals"

	"github.com/slack-go/slack"
)

// EventType is the event_type of the metadata of a request's card.
const EventType = "dropletops_request"

// Request draws a request's card, with the metadata by which others find it.
func Request(r *approvals.Request, now time.Time) Message {
	var s sheet
	s.header(headline(r))
	s.section(append(status(r, now), drift(r)...)...)
	paragraphs(&s, slices.DeleteFunc(what(r, now), func(line string) bool { return line == "" }))
	for _, block := range scripts(r) {
		s.section(block)
	}
	if len(r.Targets) == 1 {
		s.section(about(r)...)
	}
	s.section(leftOut(r)...)
	paragraphs(&s, goes(r))
	paragraphs(&s, stays(r))
	s.section(reason(r))
	s.section(wayBack(r, now)...)
	if len(r.Targets) > 1 {
		rows(&s, r, now)
	}
	s.section(people(r))
	buttons(&s, r)
	s.context(references(r))
	m := s.message(spokenCard(r, now))
	m.Metadata = &slack.SlackMetadata{
		EventType: EventType,
		EventPayload: map[string]any{
			"request_id": r.ID,
			"action":     r.Action.Type,
			"state":      string(r.State),
		},
	}
	return m
}

// headline is the first line: state, action, Droplet. It is plain_text.
func headline(r *approvals.Request) string {
	return stateMark(r) + " " + stateWords(r) + ": " + phraseLabel(r)
}

// stateWords says the state as a person would.
func stateWords(r *approvals.Request) string {
	switch r.State {
	case approvals.Pending:
		switch {
		case r.Verdict.Outcome == approvals.Confirm:
			return "Waiting for confirmation"
		case r.Verdict.People() > 1 || len(r.Verdict.Needs) > 1:
			return "Waiting for approval (" + r.Progress() + ")"
		}
		return "Waiting for approval"
	case approvals.Running:
		return runningWords(r)
	case approvals.Unknown:
		return "Outcome unknown"
	}
	return capital(string(r.State))
}

// runningWords tells what is under way from what is yet to be taken by DigitalOcean.
func runningWords(r *approvals.Request) string {
	words := "Starting"
	for _, t := range r.Targets {
		switch {
		case t.State == approvals.Queued && t.Wait != "" && t.Step == 0:
			words = "Waiting to start"
		case t.Step > 0:
			return "Running"
		case t.State == approvals.Queued, t.State == approvals.Dispatching && t.LostAt.IsZero():
		default:
			return "Running"
		}
	}
	return words
}

func stateMark(r *approvals.Request) string {
	switch r.State {
	case approvals.Pending:
		return "⏳"
	case approvals.Running:
		return "🔄"
	case approvals.Completed:
		return "✅"
	case approvals.Failed:
		return "❌"
	case approvals.Denied:
		return "🚫"
	case approvals.Expired:
		return "⌛"
	case approvals.Canceled:
		return "⚪"
	}
	return "❓"
}

// what says what is to be done, and as long as it has not ended, what that does
// and what is lost by it.
func what(r *approvals.Request, now time.Time) []string {
	first := "*" + title(r) + "*"
	if r.Image != nil {
		first += " with " + imageWord(r) + " " + image(*r.Image, now)
	}
	out := []string{first}
	for _, a := range arguments(r) {
		out = append(out, "*"+a.head+":* "+a.value+a.more)
	}
	heed := heeded(r)
	if !r.State.Open() {
		if len(out) == 1 && r.Image == nil && heed == "" {
			return nil // the first line has said it
		}
		return append(out, heed)
	}
	if now := escaped(r.Present, maxName); now != "" {
		out = append(out, "*At present:* "+now)
	}
	return append(out, told(r, effectOf, maxName, Escape), heed, danger(r))
}

// heeded is what is worth knowing, as long as it is to be done or was.
func heeded(r *approvals.Request) string {
	switch r.State {
	case approvals.Denied, approvals.Expired, approvals.Canceled, approvals.Failed:
		return ""
	}
	if heed := prose(r.Heed); heed != "" {
		return "⚠️ *Note:* " + heed
	}
	return ""
}

// danger says how much harm it does, before it is done, and what is lost by it.
func danger(r *approvals.Request) string {
	lost := told(r, losesOf, maxName, Escape)
	if lost != "" {
		lost = "*What is lost:* " + lost
	}
	switch r.Action.Danger {
	case approvals.Destructive:
		return strings.TrimSpace("⚠️ *Destructive.* " + lost)
	case approvals.Irreversible:
		return strings.TrimSpace("⚠️ *Cannot be undone.* " + lost)
	case approvals.Disruptive:
		return strings.TrimSpace("⚠️ *Interrupts service.* " + lost)
	}
	if interrupts(r) {
		return strings.TrimSpace("⚠️ *Interrupts service.* " + lost)
	}
	return lost
}

func imageWord(r *approvals.Request) string {
	if r.Image.Kind == "backup" {
		return "backup"
	}
	if r.Image.Kind == "snapshot" {
		return "snapshot"
	}
	return "image"
}

// image names an image with its ID, and with its age where it has one that
// matters: what is a backup or a snapshot.
func image(i approvals.Image, now time.Time) string {
	label := escaped(i.Label(), maxName)
	if label == "" {
		label = "without a name"
	}
	parts := []string{fmt.Sprintf("ID %d", i.ID)}
	if i.Kind == "backup" || i.Kind == "snapshot" {
		parts = append(parts, age(i.Created, now))
	}
	return label + " (" + strings.Join(parts, ", ") + ")"
}

// droplet tells which Droplet it is. What may have changed by the end is told
// only until then: after it, there is a before and an after.
func droplet(r *approvals.Request) []string {
	d, after := r.Targets[0].Droplet, r.Targets[0].After
	first := fmt.Sprintf("*Droplet:* *%s* (ID %d)", Escape(bare(d, maxName)), d.ID)
	if d.Region != "" {
		first += " in " + escaped(d.Region, maxShort)
	}
	if d.Status != "" && r.State.Open() {
		first += ", " + escaped(d.Status, maxShort)
	}
	out := []string{first}
	if d.Size != "" && (after == nil || after.Size == d.Size) {
		word := "Size"
		if r.State.Open() && takes(r, api.Size) {
			word = "Size now"
		}
		out = append(out, "*"+word+":* "+escaped(d.Size, maxShort)+machine(d)+priced(d))
	}
	address := d.PublicIP
	if address == "" {
		address = d.PublicIP6
	}
	switch {
	case address != "":
		out = append(out, "*Address:* "+escaped(address, maxShort))
	case d.PrivateIP != "":
		out = append(out, "*Address:* "+escaped(d.PrivateIP, maxShort)+" (private)")
	default:
		out = append(out, "*Address:* none")
	}
	switch {
	case !r.State.Open():
	case !d.CanRead(api.UnreadableImage):
		out = append(out, "*Runs:* "+notReadable)
	case d.Image != "":
		out = append(out, "*Runs:* "+escaped(d.Image, maxShort))
	}
	switch {
	case r.State.Open() && !d.CanRead(api.UnreadableTags):
		out = append(out, "*Tags:* "+notReadable)
	case len(d.Tags) > 0:
		out = append(out, "*Tags:* "+escaped(strings.Join(d.Tags, ", "), maxName))
	}
	return out
}

// takes says whether a request's action takes an argument of a kind.
func takes(r *approvals.Request, kind api.Kind) bool {
	a, ok := api.Lookup(r.Action.Type)
	return ok && slices.ContainsFunc(a.Params, func(p api.Param) bool { return p.Kind == kind })
}

func priced(d approvals.Droplet) string {
	if d.Monthly == 0 {
		return ""
	}
	return ", " + Money(d.Monthly) + " a month"
}

func machine(d approvals.Droplet) string {
	var parts []string
	if d.VCPUs > 0 {
		parts = append(parts, fmt.Sprintf("%d vCPU", d.VCPUs))
	}
	if d.MemoryMB > 0 {
		parts = append(parts, memory(d.MemoryMB)+" memory")
	}
	if d.DiskGB > 0 {
		parts = append(parts, fmt.Sprintf("%d GB disk", d.DiskGB))
	}
	if d.GPU {
		parts = append(parts, "GPU")
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

func memory(mb int) string {
	if mb%1024 == 0 {
		return fmt.Sprintf("%d GB", mb/1024)
	}
	return fmt.Sprintf("%d MB", mb)
}

// leftOut says which Droplets with the tag need nothing done.
func leftOut(r *approvals.Request) []string {
	const most = 5 // lines that are read at a glance
	var out []string
	for _, why := range r.LeftOut[:min(most, len(r.LeftOut))] {
		out = append(out, "*Left out:* "+prose(why))
	}
	if more := len(r.LeftOut) - most; more > 0 {
		out = append(out, fmt.Sprintf("and %d more that need nothing done", more))
	}
	return out
}

func reason(r *approvals.Request) string {
	if why := escaped(clean(r.Reason), maxReason); why != "" {
		return "*Reason:* " + why
	}
	if r.State == approvals.Pending {
		return "*Reason:* none given"
	}
	return ""
}

// anyBegan says whether anything was sent for any of the Droplets.
func anyBegan(r *approvals.Request) bool {
	return slices.ContainsFunc(r.Targets, func(t approvals.Target) bool { return !t.BeganAt.IsZero() })
}

// wayBack says what one could go back to, where something may be or has been
// lost. Where that is not known it says so: silence would read as "none".
func wayBack(r *approvals.Request, now time.Time) []string {
	switch r.State {
	case approvals.Denied, approvals.Expired, approvals.Canceled:
		return nil
	}
	if r.Rescue == nil && r.Action.Danger != approvals.Destructive {
		return nil
	}
	if r.State == approvals.Failed && !anyBegan(r) && (r.Rescue == nil || !r.Rescue.Known) {
		return nil // nothing was lost by it
	}
	if !wipes(r) && (!r.State.Open() || r.Rescue == nil) {
		return nil // what is on the disk is still there
	}
	first := r.Action.Args[api.SnapshotFirst] == "true" && r.State.Open()
	if len(r.Targets) == 1 && r.Targets[0].Saved != "" {
		return []string{"*Way back:* " + prose(r.Targets[0].Saved) + withoutVolumes(r)}
	}
	switch {
	case first && len(r.Targets) > 1:
		return []string{"*Way back:* the snapshots that are taken first."}
	case first && destroys(r):
		return []string{"*Way back:* the snapshot that is taken first." + withoutVolumes(r) + " Its backups go with it."}
	case first && (r.Rescue == nil || !r.Rescue.Known || r.Rescue.Backup == nil && r.Rescue.Snapshot == nil):
		return []string{"*Way back:* the snapshot that is taken first."}
	case r.Rescue == nil && len(r.Targets) > 1 && destroys(r):
		return []string{"*Way back:* only what is in a snapshot. Their backups go with them."}
	case r.Rescue == nil && len(r.Targets) > 1:
		return []string{"*Way back:* not looked up for each of several Droplets. Check their backups and snapshots first."}
	case r.Rescue == nil, !r.Rescue.Known:
		return []string{"*Way back:* not known. DigitalOcean could not be asked for backups and snapshots."}
	case destroys(r):
		return onlySnapshots(r, newest("snapshot", r.Rescue.Snapshot, now))
	case r.Action.Type == "disable_backups":
		return []string{newest("snapshot", r.Rescue.Snapshot, now) + ". The backups are deleted."}
	case r.Rescue.Backup == nil && r.Rescue.Snapshot == nil && wipes(r):
		return []string{"⚠️ *No way back:* this Droplet has no backup and no snapshot."}
	}
	return []string{newest("backup", r.Rescue.Backup, now), newest("snapshot", r.Rescue.Snapshot, now)}
}

func newest(kind string, i *approvals.Image, now time.Time) string {
	if i == nil {
		return "*Latest " + kind + ":* none"
	}
	return "*Latest " + kind + ":* " + image(*i, now)
}

// wipes says whether what is on the disk is lost, as far as is known.
func wipes(r *approvals.Request) bool {
	a, ok := api.Lookup(r.Action.Type)
	return !ok || a.Wipes
}

// people says who asked, and who let it go ahead.
func people(r *approvals.Request) string {
	out := "*Asked by* " + mention(r.Requester.UserID)
	if !r.CreatedAt.IsZero() {
		out += ", " + dated(r.CreatedAt)
	}
	if who := approvers(r); who != "" {
		out += "\n*Approved by* " + who
	}
	if who := deciders(r, approvals.ToConfirm); who != "" {
		out += "\n*Confirmed by* " + who
	}
	if r.Verdict.Outcome == approvals.Allow {
		out += "\nNeeded no approval"
	}
	return out + broken(r)
}

// references are what one looks things up by.
func references(r *approvals.Request) string {
	parts := []string{"Request " + escaped(r.ID, maxShort)}
	if r.Verdict.Policy != "" {
		parts = append(parts, "rule "+escaped(r.Verdict.Rule, maxShort))
	}
	if len(r.Targets) == 1 && r.Targets[0].Action != nil && r.Targets[0].Action.ID != 0 {
		parts = append(parts, fmt.Sprintf("DigitalOcean action %d", r.Targets[0].Action.ID))
	}
	if r.RetryOf != "" {
		parts = append(parts, "retry of "+escaped(r.RetryOf, maxShort))
	}
	if r.RetriedBy != "" {
		parts = append(parts, "retried as "+escaped(r.RetriedBy, maxShort))
	}
	return strings.Join(parts, " · ")
}
