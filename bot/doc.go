// Package bot is the Slack connection of Dropletops: two sockets side by side,
// the intake that writes an envelope down before it acknowledges it, the hands
// that carry it to a handler, and the publisher that shows requests in Slack at
// the pace Slack allows.
//
// A [Client] is one workspace as seen with this app's tokens. A [Bot] runs on
// it: [Bot.Run] blocks until its context ends or Slack refuses a token for good.
//
// Nothing here knows what a command means or how a request looks; it never
// touches DigitalOcean or a database, and it keeps nothing that a crash may not
// take: what must last is in the [Inbox] and the [Outbox].
package bot
