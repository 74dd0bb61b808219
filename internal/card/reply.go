package card

import "strings"

// Reply is a sentence or a few, for one person alone. What comes from outside
// must have gone through [Escape].
func Reply(mrkdwn string) Message {
	if strings.TrimSpace(mrkdwn) == "" {
		mrkdwn = "There is nothing to say."
	}
	var s sheet
	paragraphs(&s, strings.Split(strings.TrimRight(mrkdwn, "\n"), "\n"))
	return s.message(mrkdwn)
}

// Fault says that something of ours went wrong, with the reference under which
// the log tells what. The person can do nothing about it, so it says what that
// means for what they asked.
func Fault(reference string) Message {
	return Reply("Something went wrong inside Dropletops; it is not your fault. " +
		"If a card stands in the channel, it says how far your request has come; if none does, nothing was done and you can ask again. " +
		"For whoever runs Dropletops, the log has it under the reference " + escaped(reference, maxShort) + ".")
}
