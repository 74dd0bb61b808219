// Package card is what a request looks like in Slack: its card, the notes in its
// thread, and the replies that only the asker sees. Everything here is a pure
// function of what it is given, so a card can be drawn again at any time and is
// right. Everything from outside is escaped here and nowhere else.
package card
