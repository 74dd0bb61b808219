package bot

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"dropletops/handlers"
	"dropletops/internal/card"

	"github.com/slack-go/slack"
)

// replyTries and replyWithin bound what is done to get a reply to someone who
// may long have looked elsewhere.
const (
	replyTries  = 4
	replyWithin = 30 * time.Second
	// firstWayWithin leaves as much for the second, where the first does not answer.
	firstWayWithin = replyWithin / 2
)

// errNobody says that a reply has no address.
var errNobody = errors.New("nobody can be answered: the payload names no one")

// replies answer one person, without anyone else seeing it.
type replies struct {
	client *Client
	pace   *pace
}

// send delivers a reply through its response_url, or where that is gone, never
// was or does not work, through chat.postEphemeral. A reply that says nothing is
// delivered at once.
func (r *replies) send(ctx context.Context, reply handlers.Reply) error {
	if silent(reply) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, replyWithin)
	defer cancel()
	to := reply.To
	var first error
	if to.ResponseURL != "" {
		ctx, cancel := context.WithTimeout(ctx, firstWayWithin)
		first = r.try(ctx, func() error { return r.respond(ctx, reply) })
		cancel()
		if first == nil {
			return nil
		}
	}
	if to.ChannelID == "" || to.UserID == "" {
		return cmp.Or(first, errNobody)
	}
	err := r.try(ctx, func() error { return r.ephemeral(ctx, to, reply.Message) })
	if err != nil && !comes(err) && first != nil && comes(first) {
		return first // where the bot can't speak, this way alone will do
	}
	return err
}

func silent(r handlers.Reply) bool { return r.Message.Text == "" && len(r.Message.Blocks) == 0 }

// try does something again as long as it may pass.
func (r *replies) try(ctx context.Context, do func() error) error {
	for failures := 1; ; failures++ {
		err := do()
		if err == nil || failures == replyTries || !comes(err) {
			return err
		}
		wait := backoff(failures, 500*time.Millisecond, 5*time.Second)
		if slow := limited(err); slow > 0 {
			wait = slow
		}
		if end, ok := ctx.Deadline(); ok && time.Until(end) < wait {
			return err // there may be another way
		}
		if sleep(ctx, wait) != nil {
			return err
		}
	}
}

// comes says whether a reply that was not delivered may well be later.
func comes(err error) bool {
	return passes(err) && !errors.Is(err, errNotSlack) && !errors.Is(err, errNobody)
}

// respond posts to a response_url: no token, no rate limit of ours, five times
// within 30 minutes.
func (r *replies) respond(ctx context.Context, reply handlers.Reply) error {
	if err := r.client.trusts(reply.To.ResponseURL); err != nil {
		return err
	}
	m := &slack.WebhookMessage{
		Text: reply.Message.Text, ResponseType: slack.ResponseTypeEphemeral,
		ReplaceOriginal: reply.Replace, ThreadTimestamp: reply.To.ThreadTS,
	}
	if len(reply.Message.Blocks) > 0 {
		m.Blocks = &slack.Blocks{BlockSet: reply.Message.Blocks}
	}
	err := r.post(ctx, reply.To.ResponseURL, m)
	r.client.metrics.called("response_url", err)
	return err
}

// maxResponseBody bounds what is read of the answer to a response_url: "ok", or an error.
const maxResponseBody = 64 << 10

// errNotDelivered is the error of a response_url whose answer is not Slack's, although
// its status is 200: a page of a proxy's, or of a captive portal.
var errNotDelivered = errors.New("the answer to the response_url is not Slack's")

// post posts a message to a response_url. Only Slack's own "ok" says that it was
// delivered: status 200 also comes with an error, or from a proxy.
func (r *replies) post(ctx context.Context, url string, m *slack.WebhookMessage) error {
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("write a reply: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("post to a response_url: %w", err)
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := r.client.http.Do(req)
	if err != nil {
		return fmt.Errorf("post to a response_url: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxResponseBody))
	switch status := resp.StatusCode; {
	case status == http.StatusTooManyRequests:
		return &slack.RateLimitedError{RetryAfter: retryAfter(resp.Header)}
	case status >= 400 && status < 500: // used up or expired: for good
		return slack.SlackErrorResponse{Err: fmt.Sprintf("response_url_%d", status)}
	case status != http.StatusOK:
		return slack.StatusCodeError{Code: status, Status: resp.Status}
	case err != nil:
		return fmt.Errorf("read the answer to a response_url: %w", err)
	}
	if strings.Trim(string(answer), "\" \r\n") == "ok" {
		return nil
	}
	var said slack.SlackResponse
	switch err := json.Unmarshal(answer, &said); {
	case err != nil:
		return errNotDelivered
	case said.Ok:
		return nil
	case said.Error == "":
		return errNotDelivered
	}
	return slack.SlackErrorResponse{Err: said.Error}
}

func (r *replies) ephemeral(ctx context.Context, to handlers.Address, m card.Message) error {
	for {
		wait := r.pace.take(postEphemeral, to.ChannelID, r.client.now())
		if wait == 0 {
			break
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
	_, err := r.client.web.PostEphemeralContext(ctx, to.ChannelID, to.UserID, content(m, to.ThreadTS)...)
	if threadGone(code(err)) && to.ThreadTS != "" {
		_, err = r.client.web.PostEphemeralContext(ctx, to.ChannelID, to.UserID, content(m, "")...)
	}
	if unfit(code(err)) && len(m.Blocks) > 0 { // what is to be known is all in the text
		r.client.log().Error("Slack refuses an answer for what is in it; sending its text", "slack", code(err), "blocks", len(m.Blocks))
		_, err = r.client.web.PostEphemeralContext(ctx, to.ChannelID, to.UserID, content(card.Message{Text: shorten(m.Text)}, to.ThreadTS)...)
	}
	if slow := limited(err); slow > 0 {
		r.pace.pause(postEphemeral, r.client.now().Add(slow))
	}
	return r.client.observe(postEphemeral, err)
}

// content is a message as slack-go's options.
func content(m card.Message, thread string) []slack.MsgOption {
	// What was made by the card room is escaped already.
	out := []slack.MsgOption{slack.MsgOptionText(m.Text, false)}
	if len(m.Blocks) > 0 {
		out = append(out, slack.MsgOptionBlocks(m.Blocks...))
	}
	if m.Metadata != nil {
		out = append(out, slack.MsgOptionMetadata(*m.Metadata))
	}
	if thread != "" {
		out = append(out, slack.MsgOptionTS(thread))
	}
	return out
}

var errNotSlack = errors.New("the response_url does not lead to Slack: not used")

// trusts says whether a response_url may be posted to. It comes with a payload,
// so a forged one could make the bot send requests into the network it stands in.
// Slack's own are https://hooks.slack.com (hooks.slack-gov.com in GovSlack). With
// a SLACK_API_URL that is not Slack's, for tests and the demo, that very origin
// is good too. Redirects are never followed.
func (c *Client) trusts(responseURL string) error {
	u, err := url.Parse(responseURL)
	if err != nil || u.User != nil {
		return errNotSlack
	}
	host := strings.ToLower(u.Host)
	if u.Scheme == "https" && (host == "hooks.slack.com" || host == "hooks.slack-gov.com") {
		return nil
	}
	if own := strings.ToLower(c.base.Host); u.Scheme == c.base.Scheme && host == own && !slackOwn(c.base.Hostname()) {
		return nil
	}
	return errNotSlack
}

func slackOwn(host string) bool {
	host = strings.ToLower(host)
	for _, d := range []string{"slack.com", "slack-gov.com"} {
		if host == d || strings.HasSuffix(host, "."+d) {
			return true
		}
	}
	return false
}
