// Package api is the one caller of DigitalOcean. It holds the catalogue, in
// which every action on a Droplet is declared once; the client, which sends a
// mutation at most once and says precisely what became of it; the look-ups,
// cached and refreshed before anything acts; the request budget they all share;
// and the watch over actions that are under way.
//
// It knows nothing of Slack, of requests or of who decides.
package api

//go:generate go run ../internal/gendocs -o ../docs/actions.md
