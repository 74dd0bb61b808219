// Package digitalocean is a DigitalOcean API on loopback for the demo and the tests. Real clients
// (godo, doctl, dots-wrapper, python-digitalocean) talk to it unchanged: it has Droplets in every
// status, actions that take time, one pending event per Droplet, fields that trail the action that
// changed them, reads that trail the truth (Lag), pages, rate limits, token scopes, and faults that a
// test can script.
//
// It is strict where DigitalOcean is strict: what DigitalOcean would refuse, this refuses with the
// same status and the same {"id","message","request_id"}. Where DigitalOcean's own wording is known
// (its OpenAPI document, its clients' bug reports) that wording is used; a wording of ours is marked
// "wording ours" beside it.
//
// The world lives in memory behind one mutex. Nothing in it runs by itself: what time changes (an
// action that ends, a status that catches up, a destroyed Droplet that goes away) is a queue of due
// moments that is worked off whenever somebody looks, so a test with a clock of its own is exact and
// never sleeps. Only with the real clock does a timer do that looking too, for those who wait.
//
// It imports no other package of this module and not godo, so that no mistake is shared.
package digitalocean
