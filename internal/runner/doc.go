// Package runner carries an approved request to its end, once, also after a
// crash. River wakes it up; what is to be done next it reads from the request's
// own state each time, so a wake-up that comes twice, late, or in another
// process does no harm.
//
// The dangerous order is always the same: the intent to send (dispatching) is
// committed before the POST, and only whoever committed it sends, once. A target
// found in dispatching that nobody here is sending is one whose answer was lost:
// it is looked for in the Droplet's own action list, and found, followed; not
// found within a minute, it is unknown, and a person is asked.
//
// It knows nothing of Slack: that a card is to be redrawn is one more wake-up.
package runner
