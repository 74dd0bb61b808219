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

// Unanswered says that Slack did not tell who someone is, without which nothing
// is done.
func Unanswered(reference string) Message {
	return Reply("*Slack does not answer.* I could not ask it who you are, and without that nothing is done. " +
		"Try again in a minute; if it goes on, slack-status.com may say why. " +
		"Whoever runs Dropletops finds this in its log by the reference " + escaped(reference, maxShort) + ".")
}

// TurnedAway says that something could not be taken in, with a reference as in [Fault].
func TurnedAway(reference string) Message {
	return Reply("This could not be taken in, because I can't write anything down at the moment. Nothing was started. " +
		"Ask again in a few minutes; if it stays like this, tell whoever runs me. Reference: " + escaped(reference, maxShort) + ".")
}

// Fault says that something of ours went wrong, with the reference under which
// the log tells what. The person can do nothing about it, so it says what that
// means for what they asked.
func Fault(reference string) Message {
	return Reply("*Something went wrong inside Dropletops.* " +
		"If your request has a card in the channel, the card says how far it has come; without a card nothing was done. " +
		"Whoever runs Dropletops finds the cause in its log by the reference " + escaped(reference, maxShort) + ".")
}
