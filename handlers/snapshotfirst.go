package handlers

import (
	"context"

	"dropletops/api"
	"dropletops/approvals"
)

// snapshotFirst adds a snapshot to what a card asks for, and has it decided anew. The
// card is the answer, unless the click is refused.
func (h *Handler) snapshotFirst(ctx context.Context, e approvals.Envelope, in interaction, c click) (Reply, error) {
	k := approvals.Click{Kind: approvals.ToSnapshotFirst, RequestID: c.Value, Who: in.who(), Message: in.message(), Shown: in.shown(c),
		Envelope: e.Key, Mark: c.ActionTS, At: e.ReceivedAt}
	snapshot, ok := api.Lookup("snapshot")
	r, err := h.Requests.Request(ctx, c.Value)
	if err == nil && r.Belongs(k.Message) == nil {
		if a, known := api.Lookup(r.Action.Type); !ok || !known || !a.CanSnapshotFirst() {
			return orSaid(e.Attempt, in.address(), Reply{}, h.record(ctx, in.who(), "snapshot_first "+c.Value,
				mistake("No snapshot can be taken before "+code(r.Action.Type)+".")))
		}
	}
	_, err = h.Decisions.SnapshotFirst(ctx, k, snapshot.Usual)
	return orSaid(e.Attempt, in.address(), Reply{}, h.about(ctx, k.RequestID, k.Message, err))
}
