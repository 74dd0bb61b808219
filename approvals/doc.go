// Package approvals is the heart of Dropletops: what was asked, who may let it
// go ahead, what they decided, and how far it has come. It holds the request
// and its state machine, the policy that judges it, the people who decide, and
// the audit lines that prove it.
//
// A [Request] is one aggregate: one action on one or more Droplets, asked by one
// person. All that changes it is a method on it that checks the state it is in,
// changes it in memory, and answers a [Change]: the audit lines, the notes for
// the thread and the wake-ups that must become durable in the same transaction.
// A [Store] runs such a method inside one guarded transaction, so whatever
// happens twice, late or at once, happens in one order and is refused the second
// time. [Service] is what handlers call: it looks at who asks, asks the policy
// and goes through the store.
//
//	pending → running → completed | failed | unknown
//	pending → denied | expired | canceled
//	running → pending             (what was approved is no longer what is there)
//	running → canceled            (nothing had been sent)
//
// and inside running, for each Droplet:
//
//	queued → dispatching → following → done | errored | unknown
//	queued → canceled
//	queued → unknown             (it may have been acted on by a process whose memory is gone)
//
// It never talks to Slack, to DigitalOcean or to a database, and it never asks
// for the time: whoever calls hands it in.
package approvals
