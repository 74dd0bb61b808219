package approvals

// Doing is whose doing an action of DigitalOcean's was: it was one of a
// request's.
type Doing struct {
	RequestID string
	Requester Person
	Approvers []Person // whose approval counted, in order; none where none was needed
	Reason    string
}
