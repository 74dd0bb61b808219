package web

import (
	"context"
	"embed"
	"io/fs"
	"net/http"

	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
)

//go:embed page
var page embed.FS

// Options of a [Server]. The zero value is fine.
type Options struct {
	// Speed is that of the built-in DigitalOcean, so that progress is measured against what an action
	// usually takes there; 0 is 1.
	Speed float64
	// Shortcuts are those on a message that the app's manifest has.
	Shortcuts []Shortcut
}

// Shortcut is one that a person can use on a message.
type Shortcut struct {
	Name       string `json:"name"`
	CallbackID string `json:"callback_id"`
}

// Server is the demo's page. Make one with [New].
type Server struct {
	slack *simslack.Server
	do    *simdo.Server
	opts  Options

	lifetime context.Context // ends with Close
	stop     context.CancelFunc
}

// New makes the page of a Slack and a DigitalOcean.
func New(slack *simslack.Server, do *simdo.Server, opts Options) *Server {
	if opts.Speed <= 0 {
		opts.Speed = 1
	}
	s := &Server{slack: slack, do: do, opts: opts}
	s.lifetime, s.stop = context.WithCancel(context.Background())
	return s
}

// Close ends all streams, which would otherwise keep an http.Server from shutting down.
func (s *Server) Close() { s.stop() }

// Handler serves the page at /, its stream at /events, and what a person does:
//
//	POST /say      {as, channel, thread_ts, text}   a message, or a slash command
//	POST /click    {as, channel+ts or view_id, block_id, action_id, picks}
//	POST /suggest  the same with query in the place of picks → {groups: [{label, options}]}
//	POST /submit   {as, view_id, entered: [{block_id, action_id, picks}]}
//	POST /close    {as, view_id}
//	POST /shortcut {as, channel, ts, callback_id}
//
// Each answers {}, or {notice} with what Slack tells the person alone, or with a status of 4xx and
// {error}. A request with a Host that is not this machine's, or from another origin, is refused: the
// page acts as anyone, so no other site may act through the browser that has it open.
func (s *Server) Handler() http.Handler {
	files, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(files))
	mux.HandleFunc("GET /events", s.events)
	mux.HandleFunc("POST /say", act(s.say))
	mux.HandleFunc("POST /click", act(s.click))
	mux.HandleFunc("POST /suggest", act(s.suggest))
	mux.HandleFunc("POST /submit", act(s.submit))
	mux.HandleFunc("POST /close", act(s.closeView))
	mux.HandleFunc("POST /shortcut", act(s.shortcut))
	return guard(mux)
}
