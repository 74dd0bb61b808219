// Package handlers turns one payload of Slack's into one call and one reply: a
// slash command, a mention, a button, a choice from a menu. It parses words,
// looks up what they name, and asks the approvals room; what a person sees for
// it is either a card, which the publisher posts, or a reply for them alone.
//
// It holds no connection and keeps nothing: an envelope is durable before it
// comes here, and may come twice.
package handlers
