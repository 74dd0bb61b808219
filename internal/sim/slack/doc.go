// Package slack is a Slack workspace on loopback, for the demo and for end-to-end tests: the Web
// API, Socket Mode and response URLs that real Slack clients (slack-go, Bolt) talk to unchanged,
// and, as Go methods, the people who type, click and read.
//
// It is strict where Slack is strict: a call that Slack would refuse is refused here with the same
// error string, limits on sizes and rates are Slack's, a trigger_id dies after 3 s, an envelope
// that is not acknowledged within 3 s shows the person an error, and what the client gets wrong on
// the socket is written down as a [Violation]. It never talks to anything but its own listener,
// never imports a room of Dropletops and never decides anything about a Droplet.
//
// # Use
//
//	sim := slack.New(slack.Options{})
//	if err := sim.Start("127.0.0.1:0"); err != nil { … }
//	defer sim.Close()
//	// point the bot at sim.APIURL() with tokens sim.AppToken() and sim.BotToken()
//
//	d, err := sim.SlashCommand("alice", "#ops", "/droplet reboot web-1")
//	res, err := d.Wait(ctx)                       // acknowledged, or "operation_timeout"
//	snap, err := sim.WaitFor(ctx, func(s *slack.Snapshot) bool { return len(s.MessagesIn("#ops")) > 0 })
//
// People and channels are named by ID or by name ("alice", "#ops"). Everything a person could see
// is in a [Snapshot]; [Server.WaitFor] waits for one without sleeping. Faults are scripted with
// [Server.AddFault], disconnects with [Server.Disconnect] and its neighbours.
//
// # Time
//
// Lifetimes, rates and retries follow [Options.Now]. A clock that is handed in may stand still and
// jump; what is then due is done at the next tick (20 ms of real time), or at once on [Server.Tick].
// WebSocket pings alone follow real time, because the clients measure them so.
package slack
