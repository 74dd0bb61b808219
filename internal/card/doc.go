// Package card is what a request looks like in Slack: its card, the notes in its
// thread, and the replies that only the asker sees. Everything here is a pure
// function of what it is given, so a card can be drawn again at any time and is
// right. Everything from outside is escaped here and nowhere else.
//
// A card is read on a phone, by a screen reader, and by someone woken up at
// night. So its order never changes: the state with the action and the Droplet;
// what happens now or what came of it; what is to be done and what is lost by
// it; which Droplet; why; the way back; who; the buttons; and the references
// last. A symbol never stands without its word.
//
// It never talks to Slack or DigitalOcean, never reads a clock, and never
// decides anything: what may be clicked follows from the request's own methods.
package card
